"""`Idempotency-Key`: done once, answered the same each time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from nevermisscall.api import idempotency
from nevermisscall.api.models import IdempotentRequest
from nevermisscall.api.tasks import forget_idempotent_requests
from sms import services
from sms.models import Message
from tenants.models import ApiKey, Contact
from tests.api.conftest import SEND, with_key, with_session
from tests.fixtures.people import CUSTOMER, RIVAL_NUMBER, make_business

HELLO = {"to": CUSTOMER, "body": "Hello"}
KEY = {"Idempotency-Key": "order-17"}


def test_a_repeat_is_answered_the_same_and_sends_nothing(api):
    first, again = api.post(SEND, HELLO, **KEY), api.post(SEND, HELLO, **KEY)

    assert (again.status_code, again.content) == (first.status_code, first.content) == (202, first.content)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert Message.objects.count() == 1


def test_the_order_of_fields_and_the_spelling_of_the_path_do_not_matter(api):
    first = api.post(SEND, HELLO, **KEY)
    again = api.post(f"{SEND}/", dict(reversed(HELLO.items())), **KEY)

    assert again.json() == first.json()


def test_the_same_key_with_another_body_is_refused(api):
    api.post(SEND, HELLO, **KEY)
    answer = api.post(SEND, HELLO | {"body": "Bye"}, **KEY)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert Message.objects.count() == 1


def test_without_the_header_each_request_sends(api):
    assert api.post(SEND, HELLO).json()["id"] != api.post(SEND, HELLO).json()["id"]


def test_a_refused_request_leaves_its_key_free(api, acme):
    contact = Contact.objects.create(tenant=acme, number=CUSTOMER, opted_out_at=timezone.now())
    refused = api.post(SEND, HELLO, **KEY)
    contact.delete()
    accepted = api.post(SEND, HELLO, **KEY)

    assert (refused.status_code, accepted.status_code) == (409, 202)


def test_businesses_do_not_share_keys_and_a_new_key_of_one_is_the_same_business(api, acme, rival):
    ours = api.post(SEND, HELLO, **KEY).json()
    theirs = with_key(rival).post(SEND, HELLO, **KEY)
    ours_again = with_key(acme).post(SEND, HELLO, **KEY).json()

    assert (theirs.status_code, ours_again) == (202, ours)
    assert {message.from_number for message in Message.objects.filter(pk=theirs.json()["id"])} == {RIVAL_NUMBER}


def test_a_person_of_the_staff_has_keys_of_their_own(api, acme):
    from tests.fixtures.people import ACME_NUMBER

    body = HELLO | {"from": ACME_NUMBER}
    ids = {caller.post(SEND, body, **KEY).json()["id"] for caller in (api, with_session(is_superuser=True))}

    assert len(ids) == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "kéy"])
def test_a_key_that_is_none_is_refused(api, key):
    answer = api.post(SEND, HELLO, **{"Idempotency-Key": key})

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["Idempotency-Key"])


def test_after_a_day_a_key_is_new(api):
    first = api.post(SEND, HELLO, **KEY)
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    second = api.post(SEND, HELLO | {"body": "Bye"}, **KEY)
    third = api.post(SEND, HELLO | {"body": "Bye"}, **KEY)

    assert (second.status_code, second.json()["id"] != first.json()["id"]) == (202, True)
    assert third.json() == second.json()


def test_old_keys_are_forgotten(api):
    api.post(SEND, HELLO, **{"Idempotency-Key": "old"})
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    api.post(SEND, HELLO, **{"Idempotency-Key": "new"})

    assert forget_idempotent_requests() == 1
    assert IdempotentRequest.objects.get().key == "new"


def in_threads(requests):
    """Send all at the same moment, each from a thread and over a database connection of its own."""
    start = threading.Barrier(len(requests))

    def run(request):
        try:
            start.wait()
            return request()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


@pytest.fixture
def key_of_acme(transactional_db):
    acme = make_business()
    _, key = ApiKey.issue(tenant_id=acme.pk, name="tests", scopes=list(ApiKey.SCOPES))
    return key


def client_of(key):
    from django.test import Client

    from tests.api.conftest import Caller

    return Caller(Client(raise_request_exception=False), Authorization=f"Bearer {key}")


@pytest.mark.django_db(transaction=True)
def test_many_copies_at_once_send_one_text_and_get_one_answer(key_of_acme):
    callers = [client_of(key_of_acme) for _ in range(8)]
    answers = in_threads([lambda caller=caller: caller.post(SEND, HELLO, **KEY) for caller in callers])

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_copies_with_different_bodies_at_once_send_one_text(key_of_acme):
    callers = [client_of(key_of_acme) for _ in range(6)]
    bodies = [HELLO | {"body": f"Text {number}"} for number in range(6)]
    answers = in_threads(
        [
            lambda caller=caller, body=body: caller.post(SEND, body, **KEY)
            for caller, body in zip(callers, bodies, strict=True)
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [202, 422, 422, 422, 422, 422]
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_copy_takes_over_when_the_first_one_fails(key_of_acme, monkeypatch):
    send, first_is_in, may_fail = services.send_message, threading.Event(), threading.Event()

    def fail_once(**values):
        if not first_is_in.is_set():
            first_is_in.set()
            may_fail.wait(5)
            raise ZeroDivisionError
        return send(**values)

    monkeypatch.setattr(services, "send_message", fail_once)

    def second():
        first_is_in.wait(5)
        threading.Timer(0.2, may_fail.set).start()
        return client_of(key_of_acme).post(SEND, HELLO, **KEY)

    statuses = [
        answer.status_code for answer in in_threads([lambda: client_of(key_of_acme).post(SEND, HELLO, **KEY), second])
    ]

    assert statuses == [500, 202]
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_copy_does_not_wait_for_ever(key_of_acme, monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.1)
    client_of(key_of_acme).post(SEND, HELLO, **KEY)

    def copy():
        return client_of(key_of_acme).post(SEND, HELLO, **KEY)

    with transaction.atomic(), connection.cursor() as cursor:  # the first one, still at work
        cursor.execute("SELECT 1 FROM api_idempotentrequest FOR UPDATE")
        [answer] = in_threads([copy])

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "IDEMPOTENT_REQUEST_RUNNING")
