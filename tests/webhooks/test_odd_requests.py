"""Requests that are unusual in their transport: methods, types, sizes, encodings."""

from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from calls.models import Call
from nevermisscall.webhooks.models import WebhookReceipt
from nevermisscall.webhooks.views import MAX_BODY_BYTES
from tests.fixtures.webhooks import FORM, TwilioPhone
from tests.webhooks.conftest import sign
from tests.webhooks.routes import CALL, every_route, fields_of

pytestmark = pytest.mark.django_db


def post_body(client: Client, body: bytes, pairs: list[tuple[str, str]], *, path: str = CALL, content_type: str = FORM):
    """Post `body` with a signature over `pairs`."""
    headers = {"X-Twilio-Signature": sign(settings.PUBLIC_BASE_URL + path, pairs)}
    return client.post(path, body, content_type=content_type, headers=headers)


# -- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.fault("F19")
@every_route
def test_other_methods_are_refused(client, path):
    for method in ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        answer = client.generic(method, path, headers={"Accept": "text/html"})

        assert (answer.status_code, answer["Allow"]) == (405, "GET, POST"), method
        if method != "HEAD":
            assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


@every_route
def test_a_signed_get_is_answered(acme, twilio, path):
    assert twilio.get(path, fields_of()).status_code in {200, 204}


def test_a_call_told_by_get_is_forwarded_like_one_told_by_post(acme, client):
    by_post, by_get = TwilioPhone(client), TwilioPhone(client)
    posted = by_post.incoming_call()
    got = by_get.get(CALL, by_get.call_fields(CallStatus="ringing", CallerName="é +&="))

    assert got.text == posted.text.replace(by_post.call_sid, by_get.call_sid)
    assert WebhookReceipt.objects.get(key__startswith=by_get.call_sid).params["CallerName"] == "é +&="


@every_route
def test_no_login_csrf_token_or_cookie_is_asked_for(acme, path):
    answer = TwilioPhone(Client(enforce_csrf_checks=True)).post(path, fields_of())

    assert answer.status_code in {200, 204}
    assert not answer.cookies


# -- content ----------------------------------------------------------------------------------------------------------


@pytest.mark.fault("F19")
@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (FORM, 200),
        (f"{FORM}; charset=UTF-8", 200),
        ("Application/X-WWW-Form-URLEncoded;charset=utf-8", 200),
        ("application/json", 401),
        ("text/plain", 401),
        ("multipart/form-data; boundary=x", 401),
        ("", 401),
    ],
)
def test_only_a_form_is_read(acme, client, content_type, status):
    fields = fields_of()
    answer = post_body(client, urlencode(fields).encode(), list(fields.items()), content_type=content_type)

    assert answer.status_code == status


@pytest.mark.fault("F19")
@every_route
def test_a_body_of_nothing_is_refused(acme, client, count_rows, path):
    before = count_rows()
    for body in (b"", b"&&&", b"=", b"%", b"\xff\xfe", b"\x00" * 100, b"AccountSid"):
        assert post_body(client, body, [], path=path).status_code == 401, body
    assert count_rows() == before


@pytest.mark.fault("F19")
@every_route
@pytest.mark.parametrize(("token", "statuses"), [("primary-token", {200, 204}), ("stolen", {401})])
def test_five_thousand_fields_are_not_too_many(acme, twilio, path, token, statuses):
    fields = fields_of() | {f"Extra{number}": "é" * 8 for number in range(5000)}

    assert twilio.post(path, fields, token=token).status_code in statuses


@pytest.mark.fault("F19")
def test_a_body_of_exactly_the_limit_is_read(acme, client):
    fields = fields_of(Padding="")
    fields["Padding"] = "x" * (MAX_BODY_BYTES - len(urlencode(fields)))

    assert post_body(client, urlencode(fields).encode(), list(fields.items())).status_code == 200


@pytest.mark.fault("F19")
@every_route
def test_a_larger_body_is_refused_unread(acme, client, count_rows, path):
    before = count_rows()
    fields = fields_of(Padding="x" * MAX_BODY_BYTES)
    answer = post_body(client, urlencode(fields).encode(), list(fields.items()), path=path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "BODY_TOO_LARGE")
    assert count_rows() == before


# -- encodings --------------------------------------------------------------------------------------------------------


ODD_BYTES = {
    "invalid percent encoding": (b"100%zz%", "100%zz%"),
    "not UTF-8": (b"%FFa%C3", "\udcffa\udcc3"),
    "raw UTF-8": ("é😀".encode(), "é😀"),
    "raw bytes": (b"a\xff", "a\udcff"),
    "a lone surrogate": (b"%ED%A0%BDb", "\udced\udca0\udcbdb"),
    "a plus for a space": (b"a+b", "a b"),
    "%20 for a space": (b"a%20b", "a b"),
    "NUL": (b"a%00b", "a\x00b"),
    "an equals sign": (b"a=b", "a=b"),
}


@pytest.mark.fault("F19")
@pytest.mark.parametrize("what", ODD_BYTES)
def test_odd_bytes_are_accepted_from_twilio(acme, client, what):
    body, value = ODD_BYTES[what]
    fields = fields_of()
    answer = post_body(
        client, urlencode(fields).encode() + b"&CallerCity=" + body, [*fields.items(), ("CallerCity", value)]
    )

    assert "<Dial" in answer.text
    assert Call.objects.count() == 1


@pytest.mark.fault("F19")
@pytest.mark.parametrize("what", ODD_BYTES)
def test_odd_bytes_are_refused_from_anybody_else(acme, client, what):
    answer = post_body(client, urlencode(fields_of()).encode() + b"&X=" + ODD_BYTES[what][0], [])

    assert answer.status_code == 401


def test_what_was_not_utf8_does_not_verify_as_what_it_looks_like(acme, client):
    fields = fields_of()
    pairs = [*fields.items(), ("CallerName", "\ufffd")]

    assert post_body(client, urlencode(fields).encode() + b"&CallerName=%FF", pairs).status_code == 401
