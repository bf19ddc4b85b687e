"""Whose signature counts for what: rotation, accounts of their own, shared keys, and how far an account reaches."""

import pytest
from django.conf import settings

from calls.models import Call
from nevermisscall.outbox.models import Fact
from nevermisscall.twilio import signature
from nevermisscall.webhooks.models import WebhookReceipt
from tenants.models import PhoneNumber, TwilioAccount
from tests.fixtures.people import ACME_NUMBER, RIVAL_NUMBER
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone
from tests.webhooks.conftest import RIVAL_ACCOUNT, RIVAL_TOKEN

SHARED = "shared-secret"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"

pytestmark = pytest.mark.django_db


def shared_key_call(twilio: TwilioPhone, *, secret: str = SHARED, header: str, **fields: str):
    """Post an incoming call signed as an account does that opted in to a SharedKey."""
    body = twilio.call_fields(CallStatus="ringing", **fields)
    url = f"{settings.PUBLIC_BASE_URL}/webhooks/twilio/call"
    signed = signature.compute(url, list(body.items()), secret, algorithm="HMAC_SHA256")
    return twilio.post("/webhooks/twilio/call", body, **{"X-Twilio-Signature": signed, SETTINGS_HEADER: header})


@pytest.fixture
def with_shared_key(rival_account):
    rival_account.shared_key_id, rival_account.shared_key_secret = "K1", SHARED
    rival_account.save()
    return rival_account


# -- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.fault("F28")
@pytest.mark.parametrize(("token", "status"), [("primary-token", 200), ("secondary-token", 200), ("older-token", 401)])
def test_two_tokens_are_valid_during_a_rotation(acme, twilio, token, status):
    answer = twilio.post("/webhooks/twilio/call", twilio.call_fields(CallStatus="ringing"), token=token)

    assert answer.status_code == status


def rivals_call(twilio: TwilioPhone, token: str, **fields: str):
    body = {"CallStatus": "ringing", "AccountSid": RIVAL_ACCOUNT, "To": RIVAL_NUMBER, **fields}
    return twilio.post("/webhooks/twilio/call", twilio.call_fields(**body), token=token)


def test_an_accounts_own_token_signs_its_webhooks(rival_account, twilio):
    assert "+15005550901</Number>" in rivals_call(twilio, RIVAL_TOKEN).text


def test_the_platforms_token_does_not_sign_for_an_account_of_its_own(rival_account, twilio):
    assert rivals_call(twilio, "primary-token").status_code == 401


@pytest.mark.fault("F28")
def test_an_accounts_second_token_is_valid_too(rival_account, twilio):
    rival_account.auth_token_secondary = "rivals-next-token"
    rival_account.save()

    assert rivals_call(twilio, "rivals-next-token").status_code == 200


@pytest.mark.fault("F28")
def test_a_token_that_was_replaced_is_not_valid_any_more(rival_account, twilio):
    rivals_call(twilio, RIVAL_TOKEN)
    rival_account.auth_token = "rotated"
    rival_account.save()

    assert rivals_call(twilio, RIVAL_TOKEN).status_code == 401
    assert rivals_call(twilio, "rotated").status_code == 200


def test_an_account_whose_number_was_released_still_gets_an_answer(rival_account, twilio):
    PhoneNumber.objects.filter(number=RIVAL_NUMBER).update(state="released")

    assert "<Reject/>" in rivals_call(twilio, RIVAL_TOKEN).text


def test_an_account_that_has_no_number_yet_gets_an_answer(twilio, acme):
    TwilioAccount.objects.create(tenant=acme, account_sid=RIVAL_ACCOUNT, auth_token=RIVAL_TOKEN)

    assert "<Reject/>" in rivals_call(twilio, RIVAL_TOKEN).text


def test_a_row_for_the_platforms_account_adds_its_tokens(acme, twilio):
    row = TwilioAccount.objects.create(account_sid=ACCOUNT, auth_token="a-third-token")
    PhoneNumber.objects.create(tenant=acme, number="+15005550101", is_primary=False, account=row)

    for token in ("primary-token", "secondary-token", "a-third-token"):
        answer = twilio.post("/webhooks/twilio/call", twilio.call_fields(CallStatus="ringing"), token=token)
        assert answer.status_code == 200


# -- SharedKey --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "secret", "status"),
    [
        ("key=K1,algorithm=HMAC_SHA256", SHARED, 200),
        ("algorithm=HMAC_SHA256, key=K1", SHARED, 200),
        ("key=K2,algorithm=HMAC_SHA256", SHARED, 401),
        ("key=K1,algorithm=HMAC_MD5", SHARED, 401),
        ("key=K1", SHARED, 401),
        ("", SHARED, 401),
        ("key=K1,algorithm=HMAC_SHA256", RIVAL_TOKEN, 401),
        ("key=K1,algorithm=HMAC_SHA256", "", 401),
    ],
)
def test_a_shared_key_signs_with_sha256(with_shared_key, twilio, header, secret, status):
    answer = shared_key_call(twilio, secret=secret, header=header, AccountSid=RIVAL_ACCOUNT, To=RIVAL_NUMBER)

    assert answer.status_code == status


def test_the_auth_token_stays_valid_beside_a_shared_key(with_shared_key, twilio):
    assert rivals_call(twilio, RIVAL_TOKEN).status_code == 200


def test_a_shared_key_of_the_platforms_account_works_whichever_number_names_it(acme, twilio):
    row = TwilioAccount.objects.create(
        account_sid=ACCOUNT, auth_token="primary-token", shared_key_id="K1", shared_key_secret=SHARED
    )
    number = PhoneNumber.objects.create(tenant=acme, number="+15005550101", is_primary=False, account=row)
    PhoneNumber.objects.create(tenant=acme, number="+15005550102", is_primary=False)

    for to in (ACME_NUMBER, number.number, "+15005550102"):
        answer = shared_key_call(TwilioPhone(twilio.client), header="key=K1,algorithm=HMAC_SHA256", To=to)
        assert "<Dial" in answer.text


# -- an account reaches no further than itself ------------------------------------------------------------------------


@pytest.mark.fault("F22")
def test_a_number_of_another_account_is_an_unknown_number(acme, rival_account, twilio):
    answer = rivals_call(twilio, RIVAL_TOKEN, To=ACME_NUMBER)

    assert (answer.status_code, "<Reject/>" in answer.text) == (200, True)
    assert Call.objects.get().tenant is None
    assert not Fact.objects.exists()


@pytest.mark.fault("F22")
@pytest.mark.parametrize("claims", [("AccountSid", "AccountSid"), ("AccountSid", "AccountSid\x00")])
def test_an_account_named_twice_is_the_one_that_signed(acme, rival_account, twilio, claims):
    fields = twilio.call_fields(CallStatus="ringing")
    del fields["AccountSid"]
    pairs = [*fields.items(), (claims[0], RIVAL_ACCOUNT), (claims[1], ACCOUNT)]

    for order in (pairs, pairs[::-1]):
        answer = twilio.post("/webhooks/twilio/call", order, token=RIVAL_TOKEN)
        assert answer.status_code == 401 or "<Reject/>" in answer.text
    assert not Fact.objects.exists()


FORGED_LATER = {
    "dial result": lambda t, **f: t.dial_action(DialCallStatus="completed", DialBridged="true", **f),
    "end": lambda t, **f: t.call_ends(**f),
    "incoming again": lambda t, **f: t.incoming_call(SequenceNumber="7", **f),
    "whisper": lambda t, **f: t.screen(**f),
    "press": lambda t, **f: t.press("1", **f),
    "leg status": lambda t, **f: t.leg_status("completed", **f),
    "end by status URL": lambda t, **f: t.post("/api/webhooks/status", t.call_fields(CallStatus="completed", **f)),
    "voicemail": lambda t, **f: t.post(f"/webhooks/twilio/call/voicemail/{t.call_sid}", t.call_fields(**f)),
    "recording": lambda t, **f: t.post(
        "/api/webhooks/status",
        t.call_fields(RecordingSid="RE" + "3" * 32, RecordingStatus="completed", **f),
    ),
}


@pytest.mark.fault("F22")
@pytest.mark.parametrize("what", FORGED_LATER)
def test_another_account_cannot_touch_a_call(acme, rival_account, twilio, monkeypatch, count_rows, what):
    twilio.incoming_call()
    before = Call.objects.values().get(), count_rows()
    honest_post = twilio.post
    monkeypatch.setattr(twilio, "post", lambda path, fields, **kw: honest_post(path, fields, token=RIVAL_TOKEN, **kw))

    answer = FORGED_LATER[what](twilio, AccountSid=RIVAL_ACCOUNT)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {"AccountSid": "is not the account of this call"}
    assert (Call.objects.values().get(), count_rows()) == before


@pytest.mark.fault("F22")
def test_nothing_of_another_business_is_told_to_an_account(acme, rival_account, twilio):
    acme.missed_call_action = "voicemail"
    acme.save()
    mine = {"AccountSid": RIVAL_ACCOUNT, "To": ACME_NUMBER}
    screen = twilio.post(
        f"/webhooks/twilio/call/screen/{twilio.call_sid}", twilio.leg_fields(**mine), token=RIVAL_TOKEN
    )
    result = twilio.call_fields(DialCallStatus="no-answer", CallStatus="in-progress", **mine)
    after = twilio.post(f"/webhooks/twilio/call/status/{twilio.call_sid}", result, token=RIVAL_TOKEN)

    assert "Acme" not in screen.text + after.text
    assert "<Say" in after.text
    assert "<Record" not in after.text


@pytest.mark.fault("F22")
def test_another_accounts_receipt_is_no_answer_to_ours(acme, rival_account, twilio):
    twilio.incoming_call()
    again = rivals_call(twilio, RIVAL_TOKEN, To=ACME_NUMBER)

    assert again.status_code == 400
    assert WebhookReceipt.objects.get().account_sid == ACCOUNT
