"""Every way to miss a call, with its reason: it is decided once, said once, and the caller hears one sentence."""

import pytest

from calls import services
from calls.models import Call
from nevermisscall.outbox.models import Delivery, Fact
from tests.calls.conftest import attributes, result_of, topics, verbs
from tests.fixtures.people import CUSTOMER

pytestmark = pytest.mark.django_db

# What the forwarding came to → why the call counts as missed. Design §5.1.
DIAL_RESULTS = [
    ({"DialCallStatus": "no-answer"}, "no_answer"),
    ({"DialCallStatus": "busy"}, "busy"),
    ({"DialCallStatus": "failed"}, "failed"),
    ({"DialCallStatus": "canceled"}, "abandoned"),
    ({"DialCallStatus": "canceled", "CallStatus": "completed"}, "abandoned"),
    ({"DialCallStatus": "no-answer", "CallStatus": "completed"}, "no_answer"),
    ({"DialCallStatus": "completed", "DialBridged": "false", "DialCallDuration": "9"}, "not_accepted"),
    ({"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "30"}, "not_accepted"),
    ({"DialCallStatus": "completed"}, "not_accepted"),
    ({"DialCallStatus": "answered"}, "not_accepted"),
    ({"DialCallStatus": "ringing"}, "no_answer"),
    ({"DialCallStatus": "something new"}, "no_answer"),
    ({"DialCallStatus": "x" * 500}, "no_answer"),
    ({"DialCallStatus": ""}, "no_answer"),
    ({}, "no_answer"),
    ({"DialCallStatus": "no-answer", "DialCallSid": "", "DialCallDuration": ""}, "no_answer"),
    ({"DialCallStatus": "no-answer", "DialCallSid": "nonsense", "DialCallDuration": "-1"}, "no_answer"),
    ({"DialCallStatus": "no-answer", "CallStatus": "something new", "DialBridged": "perhaps"}, "no_answer"),
]


@pytest.mark.parametrize(("result", "reason"), DIAL_RESULTS)
def test_a_dial_result_that_nobody_took_is_a_missed_call(acme, twilio, result, reason):
    twilio.incoming_call()
    twilio.dial_action(**result)

    call = Call.objects.get()
    assert (call.outcome, call.missed_reason) == ("missed", reason)
    assert call.dial_call_status == result.get("DialCallStatus", "")[:30]
    assert call.ended_at is not None
    assert call.settle_at is None


@pytest.mark.parametrize(("result", "reason"), DIAL_RESULTS)
def test_a_missed_call_is_said_once_to_those_who_text(acme, twilio, result, reason):
    twilio.incoming_call()
    twilio.dial_action(**result)

    missed = Fact.objects.get(topic="call.missed")
    assert missed.data["reason"] == reason
    assert Delivery.objects.filter(fact=missed, subscriber="conversations.text_back").count() == 1
    assert Fact.objects.filter(topic="call.failed").count() == (reason == "failed")


@pytest.mark.parametrize("call_status", ["in-progress", "", "something new"])
def test_a_caller_who_waits_hears_one_sentence(acme, twilio, call_status):
    twilio.incoming_call()
    answer = twilio.dial_action(DialCallStatus="no-answer", CallStatus=call_status)

    assert verbs(answer) == ["Say", "Hangup"]
    assert "Sorry, nobody can take your call right now. We will text you in a moment." in answer.text


@pytest.mark.parametrize("call_status", ["completed", "canceled", "no-answer", "busy", "failed"])
def test_nothing_is_said_to_a_caller_who_is_gone(acme, twilio, call_status):
    twilio.incoming_call()

    assert verbs(twilio.dial_action(DialCallStatus="no-answer", CallStatus=call_status)) == []


@pytest.mark.parametrize("caller", ["", "+266696687", "client:bob", "12345", "+18005550199"])
def test_no_text_is_promised_to_those_who_cannot_be_texted(acme, twilio, caller):
    twilio.incoming_call(From=caller)
    answer = twilio.dial_action(From=caller, DialCallStatus="no-answer")

    assert "nobody can take your call" in answer.text
    assert "text" not in answer.text.split("<Say", 1)[1]


def test_a_spanish_business_says_it_in_spanish(set_up, twilio):
    set_up(language="es")
    twilio.incoming_call()
    answer = twilio.dial_action(DialCallStatus="no-answer")

    assert attributes(answer, "Say") == {"language": "es-US"}
    assert "Lo sentimos" in answer.text


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_business_with_voicemail_takes_a_message(set_up, twilio, language):
    set_up(missed_call_action="voicemail", language=language)
    twilio.incoming_call()
    answer = twilio.dial_action(DialCallStatus="no-answer")

    record = attributes(answer, "Record")
    assert verbs(answer) == ["Say", "Record"]
    assert record["action"] == f"https://nmc.example.com/webhooks/twilio/call/voicemail/{twilio.call_sid}"
    assert record["recordingStatusCallback"] == "https://nmc.example.com/api/webhooks/status"


def test_a_message_is_thanked_for_with_a_hangup(set_up, twilio):
    set_up(missed_call_action="voicemail")
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    answer = twilio.post(
        f"/webhooks/twilio/call/voicemail/{twilio.call_sid}",
        twilio.call_fields(RecordingSid="RE" + "1" * 32, RecordingDuration="12", Digits="hangup"),
    )

    assert verbs(answer) == ["Hangup"]
    last = Call.objects.get().events.last()
    assert (last.kind, last.detail) == ("recording", "RE" + "1" * 32 + " recorded")


# -- abandoned: the caller hung up first ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["completed", "no-answer", "canceled", "busy", "failed"])
def test_a_call_that_ends_while_it_rings_was_abandoned(acme, twilio, status):
    twilio.incoming_call()
    answer = twilio.call_ends(CallStatus=status, CallDuration="7")

    assert verbs(answer) == []
    assert result_of(twilio.call_sid) == ("missed", "abandoned")
    assert Call.objects.get().status == status
    assert topics(twilio.call_sid) == ["call.incoming", "call.missed", "call.completed"]


def test_a_call_that_ends_during_the_whisper_was_abandoned(acme, twilio):
    twilio.incoming_call()
    twilio.screen()
    twilio.call_ends()

    assert result_of(twilio.call_sid) == ("missed", "abandoned")


def test_the_end_by_the_status_url_says_the_same(acme, twilio):
    twilio.incoming_call()
    answer = twilio.post("/api/webhooks/status", twilio.call_fields(CallStatus="completed", CallDuration="7"))

    assert answer.status_code == 204
    assert result_of(twilio.call_sid) == ("missed", "abandoned")


@pytest.mark.parametrize(("status", "reason"), [("busy", "busy"), ("failed", "failed"), ("canceled", "abandoned")])
def test_a_dial_result_that_the_end_overtook_knows_the_reason_better(acme, twilio, status, reason):
    twilio.incoming_call()
    twilio.call_ends()
    twilio.dial_action(DialCallStatus=status, CallStatus="completed")

    assert result_of(twilio.call_sid) == ("missed", reason)
    assert topics(twilio.call_sid).count("call.missed") == 1
    assert topics(twilio.call_sid).count("call.failed") == (reason == "failed")


# -- a miss may become an answer, while nobody was texted about it ----------------------------------------------------


def test_a_late_answer_takes_a_miss_back(acme, twilio):
    twilio.incoming_call()
    twilio.press("1")
    twilio.dial_action(DialCallStatus="no-answer")
    twilio.dial_action(DialCallStatus="completed", DialBridged="true", DialCallDuration="42")

    assert result_of(twilio.call_sid) == ("answered", "")
    assert Call.objects.get().duration == 42


def test_but_not_once_the_text_was_claimed(acme, twilio):
    twilio.incoming_call()
    twilio.press("1")
    twilio.dial_action(DialCallStatus="no-answer")
    assert services.claim_text_back(call_id=Call.objects.get().pk)
    twilio.dial_action(DialCallStatus="completed", DialBridged="true", DialCallDuration="42")

    assert result_of(twilio.call_sid) == ("missed", "no_answer")
    assert "call.answered" not in topics(twilio.call_sid)


@pytest.mark.parametrize("later", ["no-answer", "busy", "failed", "canceled", "completed"])
def test_an_answer_never_becomes_a_miss(acme, twilio, later):
    twilio.answered_call()
    answer = twilio.dial_action(DialCallStatus=later, DialBridged="false", DialCallSid="CA" + "7" * 32)

    assert verbs(answer) == []
    assert result_of(twilio.call_sid) == ("answered", "")
    assert "call.missed" not in topics(twilio.call_sid)


def test_a_text_back_is_claimed_once(acme, twilio):
    twilio.incoming_call()
    call_id = Call.objects.get().pk
    assert not services.claim_text_back(call_id=call_id)  # it still rings
    twilio.dial_action(DialCallStatus="no-answer")

    assert [services.claim_text_back(call_id=call_id) for _ in range(3)] == [True, False, False]


# -- a call whose first webhook never reached us ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        lambda t: t.dial_action(DialCallStatus="no-answer"),
        lambda t: t.call_ends(),
        lambda t: t.post("/api/webhooks/status", t.call_fields(CallStatus="completed")),
    ],
)
def test_a_call_we_never_heard_arrive_is_missed_all_the_same(acme, twilio, first):
    first(twilio)

    call = Call.objects.get()
    assert (call.tenant, call.outcome, call.from_number) == (acme, "missed", CUSTOMER)
    assert "call.missed" in topics(twilio.call_sid)
