"""Keys and sessions."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ApiKey
from tests.api.conftest import SEND, Caller, with_key, with_session

HELLO = {"to": "+14155550188", "body": "Hello"}


def refusal(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def test_no_answer_tells_whether_a_key_exists(acme, nobody):
    now = timezone.now()
    callers = [
        nobody,
        Caller(Client(), Authorization="Bearer nmc_never-issued"),
        Caller(Client(), Authorization="Bearer"),
        Caller(Client(), Authorization="Bearer \xff\xfe"),
        Caller(Client(), Authorization="Basic YWNtZTpzZWNyZXQ="),
        with_key(acme, expires_at=now - timedelta(seconds=1)),
        with_key(acme, revoked_at=now),
    ]

    assert {refusal(caller.get("/api/calls/")) for caller in callers} == {refusal(nobody.get("/api/calls/"))}


def test_a_key_works_until_it_expires(acme):
    assert with_key(acme, expires_at=timezone.now() + timedelta(minutes=1)).get("/api/calls/").status_code == 200


@pytest.mark.fault("F28")
def test_two_keys_of_a_business_count_until_one_is_revoked(acme):
    old, new = with_key(acme), with_key(acme)
    assert (old.get("/api/calls/").status_code, new.get("/api/calls/").status_code) == (200, 200)

    ApiKey.objects.filter(pk=ApiKey.objects.earliest("pk").pk).update(revoked_at=timezone.now())
    assert (old.get("/api/calls/").status_code, new.get("/api/calls/").status_code) == (401, 200)


def test_the_scheme_is_read_in_any_case(api):
    key = api.headers["Authorization"].removeprefix("Bearer ")

    assert api.get("/api/calls/", Authorization=f"bearer {key}").status_code == 200


def test_a_wrong_key_is_not_saved_by_a_session(db):
    staff = with_session(is_superuser=True)

    assert staff.get("/api/calls/", Authorization="Bearer nmc_wrong").status_code == 401


def test_the_last_use_is_written_once_a_minute(api, django_assert_num_queries):
    api.get("/api/calls/")
    first = ApiKey.objects.get().last_used_at
    with django_assert_num_queries(2):  # the key, the calls
        api.get("/api/calls/")
    assert ApiKey.objects.get().last_used_at == first

    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    api.get("/api/calls/")
    assert ApiKey.objects.get().last_used_at > first


def test_a_session_changes_nothing_without_the_csrf_token(acme):
    staff = with_session(is_superuser=True)
    del staff.headers["X-CSRFToken"]

    assert staff.post(SEND, HELLO).status_code == 403
    assert staff.get("/api/calls/").status_code == 200


def test_a_key_needs_no_csrf_token(acme):
    key = with_key(acme).headers["Authorization"]
    strict = Caller(Client(enforce_csrf_checks=True), Authorization=key)

    assert strict.post(SEND, HELLO).status_code == 202


@pytest.mark.parametrize("accept", ["text/html", "image/png", "*/*"])
def test_a_key_gets_json_whatever_it_accepts(api, accept):
    answer = api.get("/api/calls/", Accept=accept)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_the_staffs_browser_gets_a_page(make_call):
    call = make_call()
    staff = with_session(is_superuser=True)
    pages = [staff.get(path, Accept="text/html,*/*;q=0.8") for path in ("/api/calls/", f"/api/calls/{call.pk}", SEND)]

    assert {page.headers["Content-Type"] for page in pages} == {"text/html; charset=utf-8"}
    assert [page.status_code for page in pages] == [200, 200, 405]
    assert call.call_sid in pages[0].text


def test_nobody_elses_browser_does(db, nobody):
    for caller in (nobody, with_session(is_staff=False)):
        answer = caller.get("/api/calls/", Accept="text/html")
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/json")
