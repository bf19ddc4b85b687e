"""Requests that are unusual in their transport: methods, types, sizes, encodings, spellings of the URL."""

from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.test import Client

from calls.models import Call
from nevermisscall.twilio import signature
from nevermisscall.webhooks.models import WebhookReceipt
from nevermisscall.webhooks.views import MAX_BODY_BYTES
from tests.fixtures.webhooks import FORM, TwilioPhone
from tests.webhooks.routes import CALL_SID, fields_of, twilio_paths

CALL = "/webhooks/twilio/call"

pytestmark = pytest.mark.django_db
every_route = pytest.mark.parametrize("path", twilio_paths())
OF_A_CALL = [path for path in twilio_paths() if "/call" in path]


def sign(url: str, pairs: list[tuple[str, str]]) -> str:
    return signature.compute(url, pairs, settings.TWILIO_AUTH_TOKEN)


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


# -- the URL ----------------------------------------------------------------------------------------------------------


def post_uri(client: Client, uri: str, *, signed_uri: str | None = None):
    """Post as gunicorn hands a request on: the decoded path, and the URI as it came in RAW_URI."""
    fields = fields_of(DialCallStatus="no-answer")
    signed = sign(settings.PUBLIC_BASE_URL + (signed_uri or uri), list(fields.items()))
    return client.post(uri, urlencode(fields), content_type=FORM, headers={"X-Twilio-Signature": signed}, RAW_URI=uri)


@pytest.mark.parametrize(
    "uri",
    [
        f"{CALL}?a=1",
        f"{CALL}?a=%2B1&b=é".replace("é", quote("é")),
        f"{CALL}?",
        f"{CALL}?a=1&a=1",
        "/webhooks/%74wilio/call",
        f"/webhooks/twilio/call/status/%43%41{CALL_SID[2:]}",
        "/webhooks/twilio/c%61ll",
    ],
)
def test_the_url_is_verified_as_it_came(acme, client, uri):
    assert post_uri(client, uri).status_code == 200


@pytest.mark.parametrize(
    ("uri", "signed_uri"),
    [
        ("/webhooks/%74wilio/call", CALL),
        (CALL, "/webhooks/%74wilio/call"),
        (f"{CALL}?a=1&b=2", f"{CALL}?b=2&a=1"),
        (f"{CALL}?a=%2B", f"{CALL}?a=+"),
        (CALL, f"{CALL}?"),
    ],
)
def test_another_spelling_of_the_url_is_another_url(acme, client, uri, signed_uri):
    assert post_uri(client, uri, signed_uri=signed_uri).status_code == 401


def test_the_host_header_does_not_matter(acme, client):
    fields = fields_of()
    headers = {"X-Twilio-Signature": sign(settings.PUBLIC_BASE_URL + CALL, list(fields.items()))}
    answer = client.post(
        CALL,
        urlencode(fields),
        content_type=FORM,
        headers={**headers, "Host": "10.0.0.7:3701", "X-Forwarded-Host": "x"},
    )

    assert answer.status_code == 200


@every_route
def test_a_slash_too_many_is_no_redirect(acme, twilio, path):
    assert twilio.post(f"{path}/", fields_of()).status_code == 404


def test_the_aliases_answer_alike(acme, client):
    one, other = TwilioPhone(client), TwilioPhone(client)
    answers = [
        phone.post(path, phone.call_fields(CallStatus="ringing")).text.replace(phone.call_sid, "")
        for phone, path in ((one, CALL), (other, "/api/calls/incoming"))
    ]

    assert answers[0] == answers[1]


def test_a_repeat_at_the_alias_is_a_repeat(acme, twilio):
    twilio.incoming_call()
    twilio.post("/api/calls/incoming", twilio.call_fields(CallStatus="ringing"))

    assert WebhookReceipt.objects.count() == 1


# -- signed, but without what we cannot do without --------------------------------------------------------------------


@pytest.mark.fault("F19")
@pytest.mark.parametrize(
    ("call_sid", "said"),
    [
        ("", "is missing"),
        ("CA123", "must be CA and 32 hexadecimal digits"),
        ("SM" + "1" * 32, "must be CA and 32 hexadecimal digits"),
        ("ca" + "1" * 32, "must be CA and 32 hexadecimal digits"),
        ("CA" + "g" * 32, "must be CA and 32 hexadecimal digits"),
        ("CA" + "1" * 31 + "\n", "must be CA and 32 hexadecimal digits"),
        ("CA" + "1" * 33, "must be CA and 32 hexadecimal digits"),
    ],
)
def test_a_call_without_a_sid_is_malformed(acme, twilio, count_rows, call_sid, said):
    before = count_rows()
    for path in OF_A_CALL:
        answer = twilio.post(path, fields_of(CallSid=call_sid))

        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "INVALID_WEBHOOK"), path
        assert error["fields"]["CallSid"] in {said, "is not the call of this URL"}
    assert count_rows() == before


ANOTHER = "CA" + "8" * 32


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/webhooks/twilio/call/status/", "CallSid"),
        ("/webhooks/twilio/call/voicemail/", "CallSid"),
        ("/webhooks/twilio/call/screen/", "ParentCallSid"),
    ],
)
def test_a_url_that_names_another_call_is_malformed(acme, twilio, count_rows, path, field):
    before = count_rows()
    answer = twilio.post(path + ANOTHER, fields_of(**{field: CALL_SID}))

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {field: "is not the call of this URL"}
    assert count_rows() == before


@pytest.mark.parametrize("sid", ["x", "x" * 300, "CA1"])
def test_a_whisper_url_that_names_no_call_is_malformed(acme, twilio, count_rows, sid):
    before = count_rows()
    for path in (f"/webhooks/twilio/call/screen/{sid}", f"/webhooks/twilio/call/screen/{sid}/accept"):
        assert twilio.post(path, fields_of()).status_code == 400
    assert count_rows() == before


@pytest.mark.parametrize("path", [path for path in twilio_paths() if path.endswith("/status")])
def test_a_status_of_nothing_is_malformed(acme, twilio, path):
    answer = twilio.post(path, fields_of(CallSid="", MessageSid=""))

    assert answer.status_code == 400
    assert {"CallSid", "MessageSid"} < set(answer.json()["error"]["fields"])


@pytest.mark.parametrize("sid", ["SM123", "CA" + "1" * 32, "nonsense"])
def test_a_message_status_without_a_proper_sid_is_malformed(acme, twilio, sid):
    answer = twilio.post("/api/webhooks/status", fields_of(CallSid="", MessageSid=sid))

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {"MessageSid": "must be SM or MM and 32 hexadecimal digits"}


def test_a_malformed_webhook_is_not_logged_by_its_content(acme, twilio, logged):
    twilio.post(CALL, fields_of(CallSid="CA-secret-thing"))

    assert "CA-secret-thing" not in logged()
    assert "+14155550123" not in logged()
