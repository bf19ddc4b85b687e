"""Whatever goes wrong, it is said in one shape."""

import json

import pytest
from django.db import OperationalError

from calls.models import Call
from sms import services
from tests.api.conftest import SEND, with_session


def error_of(answer):
    assert answer.headers["Content-Type"] == "application/json"
    [(name, error)] = answer.json().items()
    assert name == "error"
    assert error["request_id"] == answer.headers["X-Request-ID"]
    assert error["message"]
    return answer.status_code, error["code"]


def test_an_unknown_object_and_an_unknown_path_are_404(api, nobody):
    answers = [
        api.get("/api/calls/1"),
        api.get("/api/calls/CA" + "0" * 32),
        api.get("/api/calls/99999999999999999999999"),
        api.get("/api/calls/%00"),
        api.get("/api/messages/99999999999999999999999"),
        api.get("/api/messages/what"),
        api.get("/api/nothing/here"),
        api.post("/api/nothing/here", {}),
        nobody.get("/api/nothing/here"),
        nobody.get("/nothing-at-all"),
    ]

    assert {error_of(answer) for answer in answers} == {(404, "NOT_FOUND")}


def test_the_admin_keeps_its_pages(nobody):
    assert with_session(is_superuser=True).get("/admin/nothing/").headers["Content-Type"].startswith("text/html")


def test_a_method_that_is_not_there(api):
    answer = api.request("DELETE", "/api/calls/")

    assert error_of(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"{", 400, "MALFORMED_JSON"),
        (b"\xff", 400, "MALFORMED_JSON"),
        (b'{"to": NaN}', 400, "MALFORMED_JSON"),
        (b"[" * 100_000, 400, "MALFORMED_JSON"),
        (b"[]", 400, "INVALID_REQUEST"),
        (b"null", 400, "INVALID_REQUEST"),
        (b'"text"', 400, "INVALID_REQUEST"),
        (b"", 400, "INVALID_REQUEST"),
        (b'{"to": "+14155550123", "body": "\\ud800"}', 400, "MALFORMED_JSON"),
        (b'{"to": "+14155550123", "body": "a\\u0000b"}', 400, "INVALID_REQUEST"),
        (b" " * 300_000, 413, "BODY_TOO_LARGE"),
    ],
)
def test_a_body_that_cannot_be_read(api, data, status, code):
    answer = api.client.generic("POST", SEND, data, content_type="application/json", headers=api.headers)

    assert error_of(answer) == (status, code)


def test_a_body_that_is_not_json(api):
    answer = api.client.post(SEND, {"to": "+14155550123"}, headers=api.headers)

    assert error_of(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_our_own_mistake_is_logged_and_not_explained(api, monkeypatch, caplog):
    def break_down(**_):
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(services, "send_message", break_down)
    answer = api.post(SEND, {"to": "+14155550123", "body": "Hello"})

    assert error_of(answer) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text
    assert "the secret of the house" in caplog.text


def test_a_database_that_is_away_is_503(api, monkeypatch):
    def break_down(*_, **__):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(Call.objects.__class__, "matching", break_down)
    answer = api.get("/api/calls/")

    assert error_of(answer) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"


def test_a_request_that_django_refuses(nobody, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    query = "&".join(f"a{position}=1" for position in range(5))

    assert error_of(nobody.get(f"/api/calls/?{query}")) == (400, "BAD_REQUEST")


def test_fields_say_what_is_wrong_with_them(api):
    answer = api.post(SEND, {"to": "555", "media": ["http://example.com/a.png"], "purpose": "fun"})

    assert json.loads(answer.text)["error"]["fields"] == {
        "to": "“555” has the wrong number of digits; write it like +14155550123",
        "media.0": "must begin with https://",
        "purpose": '"fun" is not a valid choice.',
    }
