"""The URL is verified as it came: its spelling counts, the Host header does not, and its aliases answer alike."""

from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.test import Client

from nevermisscall.webhooks.models import WebhookReceipt
from tests.fixtures.webhooks import FORM, TwilioPhone
from tests.webhooks.conftest import sign
from tests.webhooks.routes import CALL, CALL_SID, every_route, fields_of

pytestmark = pytest.mark.django_db


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
