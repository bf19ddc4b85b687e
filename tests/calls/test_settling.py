"""Calls whose callbacks never came: Twilio's own record decides, or what we know if Twilio cannot be asked."""

from base64 import b64encode
from datetime import timedelta

import pytest

from calls.models import Call
from calls.settling import QUEUE, STILL_TALKING
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.outbox import work
from tenants.models import PhoneNumber, TwilioAccount
from tests.calls.conftest import result_of, topics, verbs
from tests.fixtures.people import ACME_NUMBER, CUSTOMER
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone

pytestmark = pytest.mark.django_db


def basic(account_sid: str, token: str) -> str:
    return "Basic " + b64encode(f"{account_sid}:{token}".encode()).decode()


# -- Twilio knows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("screening", "pressed", "leg", "expected"),
    [
        ("press_1", False, ("no-answer", "0"), ("missed", "abandoned")),
        ("press_1", False, ("completed", "9"), ("missed", "abandoned")),  # voicemail: nobody pressed 1
        ("press_1", True, ("completed", "42"), ("answered", "")),
        ("off", False, ("completed", "42"), ("answered", "")),
        ("off", False, ("completed", "0"), ("missed", "abandoned")),
        ("off", False, ("busy", "0"), ("missed", "abandoned")),
        ("amd", False, ("completed", "42"), ("answered", "")),
    ],
)
def test_a_call_without_callbacks_is_settled_by_twilios_record(
    set_up, twilio, records, settle, screening, pressed, leg, expected
):
    set_up(answer_screening=screening)
    twilio.incoming_call()
    if pressed:
        twilio.press("1")
    records.knows(twilio, "completed", leg)

    assert settle() == [True]
    assert result_of(twilio.call_sid) == expected
    assert topics(twilio.call_sid) == ["call.incoming", f"call.{expected[0]}", "call.completed"]


def test_a_call_that_a_machine_took_is_missed_whatever_the_leg_lasted(set_up, twilio, records, settle):
    set_up(answer_screening="amd")
    twilio.incoming_call()
    twilio.leg_status("", AnsweredBy="machine_start")
    records.knows(twilio, "completed", ("completed", "42"))
    settle()

    assert result_of(twilio.call_sid) == ("missed", "abandoned")


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_the_final_status_is_twilios(acme, twilio, records, settle, status):
    twilio.incoming_call()
    records.knows(twilio, status)
    settle()

    call = Call.objects.get()
    assert (call.status, call.settle_at) == (status, None)
    assert call.ended_at is not None
    assert [event.kind for event in call.events.all()] == ["incoming", "settled", "decided"]


@pytest.mark.parametrize("status", ["in-progress", "ringing", "queued", "something-new"])
def test_a_call_that_goes_on_is_looked_at_again(acme, twilio, records, settle, status):
    twilio.incoming_call()
    twilio.press("1")
    records.knows(twilio, status, ("in-progress", None))

    assert settle() == [True]
    call = Call.objects.get()
    assert call.outcome == ""
    assert abs(call.settle_at - utcnow() - STILL_TALKING) < timedelta(seconds=5)

    records.knows(twilio, "completed", ("completed", "300"))
    settle()
    assert result_of(twilio.call_sid) == ("answered", "")


def test_who_called_whom_is_filled_in_from_the_record(acme, twilio, records, settle):
    twilio.leg_status("ringing")  # all we ever heard
    records.knows(twilio, "completed", ("no-answer", "0"))
    settle()

    call = Call.objects.get()
    assert (call.tenant, call.from_number, call.to_number) == (acme, CUSTOMER, ACME_NUMBER)
    assert topics(twilio.call_sid) == ["call.missed", "call.completed"]


def test_an_account_of_its_own_is_asked_with_its_own_credentials(acme, twilio, records, settle):
    account = TwilioAccount.objects.create(tenant=acme, account_sid="AC" + "7" * 32, auth_token="own-token")
    PhoneNumber.objects.update(account=account)
    fields = twilio.call_fields(CallStatus="ringing", AccountSid=account.account_sid)
    twilio.post("/webhooks/twilio/call", fields, token="own-token")
    records.knows(twilio, "completed")
    settle()

    assert {authorization for _, authorization in records.asked} == {basic(account.account_sid, "own-token")}
    assert all(account.account_sid in path for path, _ in records.asked)


def test_the_platforms_account_is_asked_with_the_primary_token(acme, twilio, records, settle):
    twilio.incoming_call()
    records.knows(twilio, "completed")
    settle()

    assert {authorization for _, authorization in records.asked} == {basic(ACCOUNT, "primary-token")}


def test_it_ended_when_twilio_says_it_did(acme, twilio, records, settle):
    twilio.incoming_call()
    records.knows(twilio, "completed", end_time="Mon, 02 Mar 2026 15:00:25 +0000")
    settle()

    assert Call.objects.get().ended_at.isoformat() == "2026-03-02T15:00:25+00:00"


# -- Twilio does not know, or is away ---------------------------------------------------------------------------------


def test_a_call_that_twilio_does_not_know_is_missed(acme, twilio, records, settle):
    twilio.incoming_call()

    assert settle() == [True]
    assert result_of(twilio.call_sid) == ("missed", "abandoned")
    assert Call.objects.get().status == "failed"


@pytest.mark.parametrize("failure", [(401, 20003), (403, 20003), (429, 20429), (500, 20500), (503, 20503)])
def test_a_twilio_that_does_not_tell_is_asked_again(acme, twilio, records, settle, failure):
    twilio.incoming_call()
    records.failure = failure
    assert settle() == [False]
    assert result_of(twilio.call_sid) == ("", "")

    records.failure = None
    records.knows(twilio, "completed", ("no-answer", "0"))
    assert settle() == [True]
    assert result_of(twilio.call_sid) == ("missed", "abandoned")


def leg_was_answered(twilio):
    twilio.leg_status("in-progress", SequenceNumber="2")


@pytest.mark.parametrize(
    ("screening", "heard", "expected"),
    [
        ("press_1", lambda t: None, ("missed", "abandoned")),
        ("press_1", leg_was_answered, ("missed", "abandoned")),
        ("press_1", lambda t: t.press("1"), ("answered", "")),
        ("off", lambda t: None, ("missed", "abandoned")),
        ("off", leg_was_answered, ("answered", "")),
        ("amd", lambda t: t.leg_status("", AnsweredBy="human"), ("answered", "")),
        ("amd", lambda t: t.leg_status("", AnsweredBy="machine_start"), ("missed", "abandoned")),
    ],
)
def test_in_the_end_what_we_know_decides(set_up, twilio, settings, settle, screening, heard, expected):
    set_up(answer_screening=screening)
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"  # nothing listens there
    twilio.incoming_call()
    heard(twilio)
    attempts = [settle() for _ in range(QUEUE.max_attempts)]

    assert attempts == [[False]] * QUEUE.max_attempts
    assert result_of(twilio.call_sid) == expected
    assert Call.objects.get().settle_at is None


@pytest.mark.parametrize("end_is_known", [True, False])
def test_a_call_whose_end_nobody_knows_ended_long_ago(set_up, twilio, settings, settle, end_is_known):
    set_up(answer_screening="off")
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    twilio.incoming_call()
    if end_is_known:
        twilio.call_ends()
    expected = Call.objects.get().ended_at or Call.objects.get().started_at
    for _ in range(QUEUE.max_attempts):
        settle()

    assert Call.objects.get().ended_at == expected


# -- callbacks that come after all ------------------------------------------------------------------------------------


def test_callbacks_that_come_after_all_change_nothing(acme, twilio, records, settle):
    twilio.incoming_call()
    records.knows(twilio, "completed", ("no-answer", "0"))
    settle()
    before = topics(twilio.call_sid)
    twilio.dial_action(DialCallStatus="no-answer", CallStatus="completed")
    twilio.call_ends()

    assert result_of(twilio.call_sid) == ("missed", "no_answer")
    assert topics(twilio.call_sid) == before


def test_a_callback_that_comes_while_twilio_is_asked_wins(acme, twilio, records):
    twilio.incoming_call()
    records.knows(twilio, "completed", ("no-answer", "0"))
    Call.objects.update(settle_at=DatabaseClock() - timedelta(seconds=1))
    (row,) = work.claim(QUEUE, limit=10)
    twilio.dial_action(DialCallStatus="busy")
    work.run_claimed(QUEUE, row)

    assert result_of(twilio.call_sid) == ("missed", "busy")
    assert topics(twilio.call_sid) == ["call.incoming", "call.missed", "call.completed"]
    assert Call.objects.get().settle_at is None


def test_a_call_that_was_decided_is_not_asked_about(acme, twilio, records, settle):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")

    assert settle() == []
    assert records.asked == []


@pytest.mark.parametrize("screening", ["off", "amd"])
def test_an_end_without_a_dial_result_is_settled_seconds_later(set_up, twilio, records, settle, screening):
    set_up(answer_screening=screening)
    twilio.incoming_call()
    twilio.call_ends()

    assert Call.objects.get().settle_at - utcnow() < timedelta(seconds=4)
    records.knows(twilio, "completed", ("completed", "42"))
    settle()
    assert result_of(twilio.call_sid) == ("answered", "")


def test_every_call_of_a_silent_twilio_ends_with_one_outcome(acme, client, records, settle):
    phones = [TwilioPhone(client) for _ in range(3)]
    for phone in phones:
        assert verbs(phone.incoming_call()) == ["Dial", "Number"]
    phones[0].press("1")
    for phone in phones:
        records.calls[phone.call_sid] = {
            "sid": phone.call_sid,
            "status": "completed",
            "from": CUSTOMER,
            "to": ACME_NUMBER,
        }
    settle()

    assert [result_of(phone.call_sid)[0] for phone in phones] == ["answered", "missed", "missed"]
    assert not Call.objects.filter(settle_at__isnull=False).exists()
