"""A person took the call: pressed 1, or was told from a machine, or simply picked up; and both were connected."""

import pytest

from calls.models import Call
from tests.calls.conftest import attributes, result_of, topics, verbs

pytestmark = pytest.mark.django_db


def taken(twilio, **fields):
    return twilio.dial_action(
        **{"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "42"} | fields
    )


# -- press 1 ----------------------------------------------------------------------------------------------------------


def test_an_owner_who_presses_1_has_taken_the_call(acme, twilio):
    twilio.answered_call(seconds=42)

    call = Call.objects.get()
    assert (call.outcome, call.missed_reason, call.duration, call.status) == ("answered", "", 42, "completed")
    assert call.accepted_at == call.answered_at
    assert call.dial_call_sid == twilio.leg_sid
    assert topics(twilio.call_sid) == ["call.incoming", "call.answered", "call.completed"]


def test_the_owner_hears_who_calls_and_is_asked_for_a_1(acme, twilio):
    twilio.incoming_call()
    answer = twilio.screen()

    assert verbs(answer) == ["Gather", "Say", "Hangup"]
    assert attributes(answer, "Gather") == {
        "numDigits": "1",
        "timeout": "6",
        "action": f"https://nmc.example.com/webhooks/twilio/call/screen/{twilio.call_sid}/accept",
        "method": "POST",
    }
    assert "Call for Acme Plumbing from 1 4 1 5 5 5 5 0 1 2 3. Press 1 to accept." in answer.text


def test_a_spanish_owner_is_asked_in_spanish(set_up, twilio):
    set_up(language="es")
    twilio.incoming_call()

    assert "Llamada para Acme Plumbing de 1 4 1 5" in twilio.screen().text


@pytest.mark.parametrize("caller", ["", "anonymous", "sip:bob@example.com"])
def test_a_caller_without_a_number_is_not_spelled_out(acme, twilio, caller):
    twilio.incoming_call(From=caller)

    assert "Call for Acme Plumbing. Press 1 to accept." in twilio.screen(From=caller).text


def test_pressing_1_connects_the_two(acme, twilio):
    twilio.incoming_call()
    twilio.screen()

    assert verbs(twilio.press("1")) == []


@pytest.mark.parametrize("digits", ["2", "0", "#", "*", "11", "1#", "1 ", "", "one", "\u0661", "1" * 500])
def test_anything_but_exactly_1_does_not(acme, twilio, digits):
    twilio.incoming_call()
    answer = twilio.press(digits)

    call = Call.objects.get()
    assert verbs(answer) == ["Hangup"]
    assert call.accepted_at is None
    assert call.events.last().kind == "not_accepted"
    assert verbs(taken(twilio)) == ["Say", "Hangup"]
    assert result_of(twilio.call_sid) == ("missed", "not_accepted")


def test_the_owner_may_try_again_with_a_1(acme, twilio):
    twilio.incoming_call()
    twilio.press("2")
    twilio.press("1")
    taken(twilio)

    assert result_of(twilio.call_sid) == ("answered", "")


def test_pressing_1_after_the_caller_hung_up_connects_nobody(acme, twilio):
    twilio.incoming_call()
    twilio.screen()
    twilio.call_ends()
    answer = twilio.press("1")

    assert verbs(answer) == ["Say", "Hangup"]
    assert "has hung up" in answer.text
    assert result_of(twilio.call_sid) == ("missed", "abandoned")


def test_a_press_does_not_help_if_the_two_were_never_connected(acme, twilio):
    twilio.incoming_call()
    twilio.press("1")
    taken(twilio, DialBridged="false")

    assert result_of(twilio.call_sid) == ("missed", "not_accepted")


def test_nor_if_the_end_arrives_before_the_dial_result(acme, twilio):
    twilio.incoming_call()
    twilio.press("1")
    twilio.call_ends()
    assert result_of(twilio.call_sid) == ("", "")  # which of the two it was, the dial result knows
    taken(twilio, DialBridged="false", CallStatus="completed")

    assert result_of(twilio.call_sid) == ("missed", "not_accepted")


@pytest.mark.parametrize("bridged", ["true", "", "TRUE"])
def test_a_dial_result_that_does_not_deny_the_connection_is_believed(acme, twilio, bridged):
    twilio.incoming_call()
    twilio.press("1")
    taken(twilio, DialBridged=bridged)

    assert result_of(twilio.call_sid) == ("answered", "")


def test_a_conference_answers_with_answered(acme, twilio):
    twilio.incoming_call()
    twilio.press("1")
    taken(twilio, DialCallStatus="answered", DialCallSid="", DialCallDuration="")

    assert result_of(twilio.call_sid) == ("answered", "")


def test_after_a_talk_the_caller_hears_nothing_more(acme, twilio):
    twilio.incoming_call()
    twilio.press("1")

    assert verbs(taken(twilio)) == []


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"DialCallDuration": "42"}, 42),
        ({"DialCallDuration": "", "CallDuration": "43"}, 43),
        ({"DialCallDuration": "", "Duration": "44"}, 44),
        ({"DialCallDuration": "0"}, 0),
        *(({"DialCallDuration": odd}, None) for odd in ("", "-1", "1.5", "99999999999", "\u0664\u0662", "many")),
    ],
)
def test_the_duration_is_found_in_any_of_three_fields(acme, twilio, fields, seconds):
    twilio.incoming_call()
    twilio.press("1")
    taken(twilio, **fields)

    assert Call.objects.get().duration == seconds


# -- no screening -----------------------------------------------------------------------------------------------------


def test_without_screening_whoever_picks_up_has_taken_the_call(set_up, twilio):
    set_up(answer_screening="off")
    answer = twilio.incoming_call()
    twilio.leg_status("in-progress", SequenceNumber="2")
    taken(twilio)

    assert "url" not in attributes(answer, "Number")
    assert result_of(twilio.call_sid) == ("answered", "")
    assert Call.objects.get().answered_at is not None


def test_without_screening_the_connection_still_counts(set_up, twilio):
    set_up(answer_screening="off")
    twilio.incoming_call()
    taken(twilio, DialBridged="false")

    assert result_of(twilio.call_sid) == ("missed", "not_accepted")


def test_without_screening_an_end_waits_for_the_dial_result(set_up, twilio):
    set_up(answer_screening="off")
    twilio.incoming_call()
    twilio.call_ends(CallDuration="50")
    assert result_of(twilio.call_sid) == ("", "")
    taken(twilio, CallStatus="completed")

    assert result_of(twilio.call_sid) == ("answered", "")
    assert Call.objects.get().duration == 42


def test_a_call_keeps_the_screening_it_arrived_with(set_up, twilio):
    twilio.incoming_call()
    set_up(answer_screening="off")
    taken(twilio)

    assert result_of(twilio.call_sid) == ("missed", "not_accepted")


# -- answering machine detection --------------------------------------------------------------------------------------


def verdict(twilio, answer, answered_by: str):
    """Post what Twilio found out to where the TwiML asked for it. It does not name the caller's call."""
    path = attributes(answer, "Number")["amdStatusCallback"].removeprefix("https://nmc.example.com")
    fields = twilio.leg_fields(AnsweredBy=answered_by, MachineDetectionDuration="2300")
    del fields["ParentCallSid"], fields["CallStatus"]
    return twilio.post(path, fields)


@pytest.mark.parametrize(
    ("answered_by", "expected"),
    [
        ("human", ("answered", "")),
        ("unknown", ("answered", "")),
        ("something_new", ("answered", "")),
        ("machine_start", ("missed", "not_accepted")),
        ("machine_end_beep", ("missed", "not_accepted")),
        ("fax", ("missed", "not_accepted")),
    ],
)
def test_a_machine_has_not_taken_the_call(set_up, twilio, answered_by, expected):
    set_up(answer_screening="amd")
    answer = twilio.incoming_call()
    assert verdict(twilio, answer, answered_by).status_code == 204
    taken(twilio)

    assert result_of(twilio.call_sid) == expected
    assert Call.objects.get().answered_by == answered_by
    assert Call.objects.get().events.filter(kind="machine", leg_sid=twilio.leg_sid).count() == 1


def test_without_a_verdict_a_person_is_assumed(set_up, twilio):
    set_up(answer_screening="amd")
    twilio.incoming_call()
    taken(twilio)

    assert result_of(twilio.call_sid) == ("answered", "")


def test_detection_is_asked_for_on_the_owners_leg(set_up, twilio):
    set_up(answer_screening="amd")
    number = attributes(twilio.incoming_call(), "Number")

    assert (number["machineDetection"], number["amdStatusCallbackMethod"]) == ("Enable", "POST")
    assert "url" not in number
