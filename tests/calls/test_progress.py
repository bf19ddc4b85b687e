"""What Twilio reports meanwhile: kept as history, and a status never goes backwards."""

import pytest

from calls.models import Call, CallEvent
from tests.calls.conftest import result_of, topics
from tests.fixtures.people import CUSTOMER

pytestmark = pytest.mark.django_db

FINAL = ["completed", "busy", "failed", "no-answer", "canceled"]
EARLIER = ["queued", "initiated", "ringing", "in-progress"]


def report(twilio, status: str, **fields):
    """A progress report of the caller's own call."""
    return twilio.post("/api/webhooks/status", twilio.call_fields(CallStatus=status, **fields))


@pytest.mark.parametrize("final", FINAL)
def test_a_final_status_stays(acme, twilio, final):
    twilio.incoming_call()
    report(twilio, final)
    for later in (*EARLIER, *FINAL, "something new", ""):
        report(twilio, later, SequenceNumber="9")
        twilio.call_ends(CallStatus=later, SequenceNumber="9")

        assert Call.objects.get().status == final, later


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("ringing", "in-progress", "in-progress"),
        ("in-progress", "ringing", "in-progress"),
        ("in-progress", "initiated", "in-progress"),
        ("ringing", "queued", "ringing"),
        ("ringing", "something new", "ringing"),
        ("something new", "ringing", "ringing"),
        ("", "in-progress", "in-progress"),
        ("in-progress", "completed", "completed"),
    ],
)
def test_a_status_only_moves_forward(acme, twilio, first, then, expected):
    report(twilio, first)
    report(twilio, then, SequenceNumber="9")

    assert Call.objects.get().status == expected


def test_a_call_ends_when_its_status_says_so_first(acme, twilio, time_machine):
    time_machine.move_to("2026-03-02T15:00:00Z", tick=False)
    twilio.incoming_call()
    time_machine.move_to("2026-03-02T15:01:00Z", tick=False)
    twilio.call_ends()
    time_machine.move_to("2026-03-02T15:02:00Z", tick=False)
    report(twilio, "completed")

    assert (Call.objects.get().ended_at - Call.objects.get().started_at).total_seconds() == 60


@pytest.mark.parametrize("status", [*EARLIER, *FINAL, "something new", ""])
def test_the_owners_leg_decides_nothing(acme, twilio, status):
    twilio.incoming_call()
    assert twilio.leg_status(status).status_code == 204

    call = Call.objects.get()
    assert (call.status, call.outcome) == ("ringing", "")
    assert (call.events.last().kind, call.events.last().detail, call.events.last().leg_sid) == (
        "leg",
        status,
        twilio.leg_sid,
    )


def test_a_leg_that_was_recorded_is_still_a_leg(acme, twilio):
    twilio.incoming_call()
    recorded = {"RecordingSid": "RE" + "1" * 32, "RecordingUrl": "https://api.twilio.com/x", "RecordingDuration": "9"}
    report(twilio, "completed", CallDuration="9", **recorded)

    assert result_of(twilio.call_sid) == ("missed", "abandoned")


def test_a_recording_is_kept_in_the_history(acme, twilio):
    twilio.incoming_call()
    fields = {"RecordingSid": "RE" + "1" * 32, "RecordingStatus": "completed", "CallSid": twilio.call_sid}
    answer = twilio.post("/webhooks/twilio/recording/status", {"AccountSid": "AC" + "0" * 32, **fields})

    assert answer.status_code == 204
    assert Call.objects.get().events.last().detail == f"{fields['RecordingSid']} completed"
    assert Call.objects.get().outcome == ""


def test_a_leg_whose_call_is_unknown_opens_it(acme, twilio):
    twilio.leg_status("ringing")

    call = Call.objects.get()
    assert (call.call_sid, call.tenant) == (twilio.call_sid, None)


def test_every_webhook_is_an_event(acme, twilio):
    twilio.incoming_call()
    twilio.leg_status("initiated", SequenceNumber="0")
    twilio.leg_status("ringing", SequenceNumber="1")
    twilio.screen()
    twilio.press("2")
    twilio.press("1")
    twilio.dial_action(DialCallStatus="completed", DialBridged="true", DialCallDuration="42")
    twilio.call_ends(CallDuration="50")

    assert list(CallEvent.objects.values_list("kind", "detail")) == [
        ("incoming", "dial"),
        ("leg", "initiated"),
        ("leg", "ringing"),
        ("screened", ""),
        ("not_accepted", "2"),
        ("accepted", "1"),
        ("dialed", "completed"),
        ("decided", "answered"),
        ("ended", "completed"),
    ]
    receipts = CallEvent.objects.exclude(kind="decided").values_list("receipt_id", flat=True)
    assert len(set(receipts)) == 8
    assert None not in receipts


def test_the_row_of_a_call_is_what_twilio_said(acme, twilio):
    twilio.answered_call(seconds=42)

    call = Call.objects.get()
    assert (call.call_sid, call.account_sid) == (twilio.call_sid, "AC" + "0" * 32)
    assert (call.from_number, call.to_number, call.direction) == (CUSTOMER, "+15005550100", "inbound")
    assert (call.dial_call_status, call.dial_call_sid) == ("completed", twilio.leg_sid)


def test_a_call_that_is_asked_for_twice_is_published_once(acme, twilio):
    twilio.incoming_call()
    twilio.post("/webhooks/twilio/call", twilio.call_fields(CallStatus="in-progress"))

    assert topics(twilio.call_sid) == ["call.incoming"]
    assert Call.objects.get().status == "in-progress"
