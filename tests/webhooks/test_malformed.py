"""Signed, and yet nothing that Twilio would send: every webhook answers, and none of it finds a bug."""

from urllib.parse import quote_from_bytes
from xml.etree import ElementTree

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nevermisscall.twilio import signature
from nevermisscall.webhooks.parsing import parse_form
from tests.calls.test_odd_fields import ODD_VALUES, TEXT_FIELDS
from tests.fixtures.webhooks import ACCOUNT, FORM
from tests.webhooks.routes import CALL_SID, fields_of, twilio_paths

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F19")]

PATHS = twilio_paths()
SIDS = ["CallSid", "ParentCallSid", "DialCallSid", "MessageSid", "SmsSid", "RecordingSid", "AccountSid"]
NAMES = [*TEXT_FIELDS, *SIDS, "To", "Body", "NumMedia", "NumSegments", "MediaUrl0", "MediaContentType0", "ErrorCode"]
NAMES += ["MessageStatus", "SmsStatus", "RecordingStatus", "Direction", "Timestamp", "StirPassportToken", "OptOutType"]

oddly = st.sampled_from([value.encode("utf-8", "surrogatepass") for value in ODD_VALUES.values()]) | st.binary(
    max_size=40
)
plausibly = st.sampled_from(
    [
        CALL_SID,
        "SM" + "2" * 32,
        "-1",
        "0",
        "9" * 30,
        "1e9",
        "٣",
        "true",
        "no-answer",
        "completed",
        "ringing",
        "STOP",
        "1",
    ]
).map(str.encode)
values = oddly | plausibly
names = st.sampled_from(NAMES).map(str.encode) | st.binary(max_size=12)
forms = st.lists(st.tuples(names, values), max_size=12)
raw_bodies = st.binary(max_size=200) | st.text("&=+%;CallSidAF09\x00é ", max_size=80).map(str.encode)
with_database = hypothesis_settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def post(client, path: str, body: bytes):
    """Post a body as it is, with the signature that Twilio would put under it."""
    signed = signature.compute(settings.PUBLIC_BASE_URL + path, parse_form(body), settings.TWILIO_AUTH_TOKEN)
    return client.post(path, body, content_type=FORM, headers={"X-Twilio-Signature": signed})


def encode(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value)}".encode() for name, value in pairs)


def check(answer, journaled, statuses: set[int]) -> None:
    assert answer.status_code in statuses
    if "xml" in answer.get("Content-Type", ""):
        ElementTree.fromstring(answer.content)
    assert journaled() == [], "a bug was answered from memory"


@with_database
@given(path=st.sampled_from(PATHS), pairs=forms)
def test_any_form_is_answered(acme, client, journaled, path, pairs):
    """Its own fields first: of a repeated one the first counts. The SIDs may be nonsense, which is refused."""
    given_names = {name for name, _ in pairs}
    own = [(name.encode(), value.encode()) for name, value in fields_of().items() if name.encode() not in given_names]
    form = [(b"AccountSid", ACCOUNT.encode()), *pairs, *own]

    check(post(client, path, encode(form)), journaled, {200, 204, 400})


@with_database
@given(path=st.sampled_from(PATHS), body=raw_bodies)
def test_any_bytes_are_answered(acme, client, journaled, path, body):
    check(post(client, path, b"AccountSid=" + ACCOUNT.encode() + b"&" + body), journaled, {200, 204, 400})


@pytest.mark.parametrize("path", PATHS)
def test_bytes_that_nobody_signed_are_refused(acme, client, count_rows, path):
    before = count_rows()
    for body in (b"", b"{}", b'{"CallSid": "CA1"}', b"<xml/>", b"\x00" * 1000, b"&" * 5000, b"%" * 5000, b"=" * 5000):
        for content_type in (
            FORM,
            "application/json",
            "text/xml",
            "multipart/form-data",
            f"{FORM}; charset=utf-16",
            "/",
        ):
            answer = client.post(path, body, content_type=content_type)
            assert answer.status_code == 401
            assert answer["Content-Type"] == "application/json"
    assert count_rows() == before
