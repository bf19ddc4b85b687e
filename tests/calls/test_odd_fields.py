"""Whatever the fields hold: 200, a document that parses, a row with what was sent, and never somebody else's verbs."""

from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from calls.models import Call
from nevermisscall.twilio import signature
from nevermisscall.webhooks.models import WebhookReceipt
from tenants import routing
from tests.calls.conftest import attributes, numbers, verbs
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import FORM, TwilioPhone

pytestmark = pytest.mark.django_db

# -- callers without a number (twilio-contract §1.3) ------------------------------------------------------------------

NO_NUMBER = [
    *("", " ", "anonymous", "Anonymous", "+anonymous", "unknown", "RESTRICTED", "unavailable", "blocked", "private"),
    *("+266696687", "+7378742833", "+17378742833", "+7378742883", "+2562533", "+8656696", "+86282452253", "+464"),
    *("client:bob", "sip:bob@example.com", "sips:bob@example.com", "sip:anonymous@anonymous.invalid", "12345"),
    *("4155550123", "not a number", "☎ é😀", "x" * 1000, "+" + "1" * 999),
]


@pytest.mark.parametrize("caller", NO_NUMBER)
def test_a_caller_without_a_number_is_forwarded_under_ours(acme, twilio, caller):
    answer = twilio.incoming_call(From=caller, Caller=caller)

    assert verbs(answer) == ["Dial", "Number"]
    assert attributes(answer, "Dial")["callerId"] == ACME_NUMBER
    assert Call.objects.get().from_number == caller[:255]


@pytest.mark.parametrize("caller", [CUSTOMER, "+18005550199", "+447911123456"])
def test_a_caller_with_a_number_shows_it_to_the_owner(acme, twilio, caller):
    assert "callerId" not in attributes(twilio.incoming_call(From=caller), "Dial")


def test_a_caller_id_that_is_not_there_at_all_is_withheld(acme, twilio):
    fields = twilio.call_fields(CallStatus="ringing")
    del fields["From"]

    assert attributes(twilio.post("/webhooks/twilio/call", fields), "Dial")["callerId"] == ACME_NUMBER


# -- odd values in every text field of every voice webhook ------------------------------------------------------------

ODD_VALUES = {
    "blank": "",
    "long": "x" * 5000,
    "NUL": "a\x00b",
    "control characters": "a\x01\x08\x0b\x0c\x1f\x7fb",
    "U+FFFE": "a\ufffe\uffffb",
    "emoji": "👩‍🔧 é",
    "a lone surrogate": "a\ud83db",
    "markup": "<Hangup/>&amp;]]><!--",
    "quotes": "\"'><script>alert(1)</script>",
    "SQL": "'; DROP TABLE calls_call; --",
    "placeholders": "%s %(name)s {} {{ x }} {% url %} \\",
    "newlines": "a\r\nb\u2028c",
    "digits of another script": "\u0664\u0661\u0665",
}
VOICE = {
    "incoming": lambda t, f: t.post("/webhooks/twilio/call", t.call_fields(CallStatus="ringing") | f),
    "dial result": lambda t, f: t.post(
        f"/webhooks/twilio/call/status/{t.call_sid}", t.call_fields(DialCallStatus="no-answer") | f
    ),
    "whisper": lambda t, f: t.post(f"/webhooks/twilio/call/screen/{t.call_sid}", t.leg_fields() | f),
    "press": lambda t, f: t.post(f"/webhooks/twilio/call/screen/{t.call_sid}/accept", t.leg_fields(Digits="1") | f),
    "voicemail": lambda t, f: t.post(f"/webhooks/twilio/call/voicemail/{t.call_sid}", t.call_fields() | f),
    "end": lambda t, f: t.post("/webhooks/twilio/call", t.call_fields(CallStatus="completed") | f),
    "leg status": lambda t, f: t.post("/api/webhooks/status", t.leg_fields(CallStatus="ringing") | f),
    "status": lambda t, f: t.post("/api/webhooks/status", t.call_fields() | f),
}
TEXT_FIELDS = [
    "From",
    "CallStatus",
    "DialCallStatus",
    "DialBridged",
    "DialCallSid",
    "Digits",
    "CallerName",
    "AnsweredBy",
]
TEXT_FIELDS += ["ForwardedFrom", "SequenceNumber", "CallDuration", "RecordingSid", "StirVerstat", "ApiVersion"]


def as_twilio_sends(value: str) -> str:
    """Return a value as its bytes arrive: a lone surrogate has no UTF-8, so its bytes are none."""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


class OddPhone(TwilioPhone):
    """A phone whose Twilio can also send bytes that are not UTF-8."""

    def post(self, path, fields, **options):
        sent = [(name, as_twilio_sends(value)) for name, value in fields.items()]
        body = "&".join(f"{name}={quote(value, safe='', errors='surrogateescape')}" for name, value in sent)
        signed = signature.compute(settings.PUBLIC_BASE_URL + path, sent, settings.TWILIO_AUTH_TOKEN)
        return self.client.post(path, body, content_type=FORM, headers={"X-Twilio-Signature": signed})


@pytest.mark.fault("F20")
@pytest.mark.parametrize("what", ODD_VALUES)
def test_no_value_breaks_a_webhook(acme, client, what):
    stored = ODD_VALUES[what].replace("\x00", "").replace("\ud83d", "")
    for kind, post in VOICE.items():
        phone = OddPhone(client)
        if kind != "incoming":
            phone.incoming_call()
        before = WebhookReceipt.objects.count()
        answer = post(phone, dict.fromkeys(TEXT_FIELDS, ODD_VALUES[what]))

        assert answer.status_code in {200, 204}, kind
        if answer.status_code == 200:
            verbs(answer)
        assert WebhookReceipt.objects.count() == before + 1
        assert WebhookReceipt.objects.order_by("pk").last().params["CallerName"] == stored


@pytest.mark.fault("F20")
@pytest.mark.parametrize("what", ODD_VALUES)
def test_a_caller_of_any_spelling_is_stored_as_sent_and_forwarded(acme, client, what):
    answer = OddPhone(client).incoming_call(From=ODD_VALUES[what])

    sent = ODD_VALUES[what].replace("\x00", "").replace("\ud83d", "")
    assert numbers(answer) == [OWNER_PHONE]
    assert Call.objects.get().from_number == sent[:255]


@pytest.mark.parametrize("kind", VOICE)
def test_fields_nobody_knows_are_kept(acme, twilio, kind):
    VOICE[kind](twilio, {"SomethingNew": "1", "CallToken": "%7B" * 5000})

    assert WebhookReceipt.objects.get().params["SomethingNew"] == "1"


# -- calls we never heard of ------------------------------------------------------------------------------------------

UNHEARD = {
    "dial result": ["Say", "Hangup"],
    "whisper": ["Gather", "Say", "Hangup"],
    "press": [],
    "voicemail": ["Hangup"],
    "end": [],
}


@pytest.mark.parametrize("kind", UNHEARD)
def test_a_webhook_about_a_call_we_never_heard_of_does_the_sensible_thing(acme, twilio, kind):
    answer = VOICE[kind](twilio, {})

    assert (answer.status_code, verbs(answer)) == (200, UNHEARD[kind])
    assert Call.objects.get().call_sid == twilio.call_sid


@pytest.mark.parametrize("kind", VOICE)
def test_the_first_webhook_may_arrive_last(acme, twilio, kind):
    VOICE[kind](twilio, {})
    answer = twilio.incoming_call(SequenceNumber="late")

    assert verbs(answer) == ["Dial", "Number"]
    assert (Call.objects.get().tenant, Call.objects.get().to_number) == (acme, ACME_NUMBER)


# -- nobody writes our TwiML but us -----------------------------------------------------------------------------------

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.sampled_from(list(ODD_VALUES.values()))
with_database = hypothesis_settings(
    derandomize=True,
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def story(client, tenant, *, name: str, caller: str) -> list[list[str]]:
    """Return the verbs of every answer of a call, and forget that it happened."""
    with transaction.atomic():
        tenant.name = name
        tenant.save()
        phone = TwilioPhone(client)
        answers = [
            phone.incoming_call(From=caller),
            phone.screen(From=caller),
            phone.press("1", From=caller),
            phone.dial_action(DialCallStatus="no-answer", From=caller),
            phone.call_ends(From=caller),
        ]
        transaction.set_rollback(True)
    routing.table.forget()
    return [verbs(answer) for answer in answers]


@pytest.mark.fault("F20")
@with_database
@given(name=any_text.map(lambda text: text.replace("\x00", "").replace("\ud83d", "")[:120]))
def test_a_business_name_is_only_ever_said(acme, client, name):
    assert story(client, acme, name=name, caller=CUSTOMER) == story(client, acme, name="x", caller=CUSTOMER)


@pytest.mark.fault("F20")
@with_database
@given(caller=any_text.filter(lambda text: "\ud83d" not in text))
def test_a_caller_id_is_only_ever_said(acme, client, caller):
    assert story(client, acme, name="x", caller=caller) == story(client, acme, name="x", caller="+14155559999")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Bob & Sons <24h>", "Bob & Sons <24h>"),
        ("Zoë's “Best” 👩‍🔧", "Zoë's “Best” 👩‍🔧"),
        ("A\x01\x0b\ufffeB", "AB"),
        ("]]> {{ x }}", "]]> {{ x }}"),
    ],
)
def test_a_business_name_is_said_as_far_as_xml_can_hold_it(set_up, twilio, name, said):
    set_up(name=name)
    twilio.incoming_call()
    heard = ElementTree.fromstring(twilio.screen().content).find(".//Say").text

    assert heard.startswith(f"Call for {said} from 1 4 1 5")
