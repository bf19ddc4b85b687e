"""Every way an owner's phone can behave, and exactly what Twilio tells the product about it."""

import pytest

from nevermisscall.twilio.emulator.control import (
    answers,
    answers_no_press,
    busy,
    caller_hangs_up,
    declines,
    fails,
    forwards_back,
    hangs_up_in_whisper,
    no_answer,
    voicemail,
)
from tests.twilio.emulator.conftest import BUSINESS, CUSTOMER, OWNER

# behaviour -> statuses of the owner's leg in order, then DialCallStatus, DialBridged, DialCallDuration of the action
CASES = {
    "answers": (answers(after=5, talk=40), "initiated ringing in-progress completed", "completed", "true", "42"),
    "wrong key": (answers(presses="2"), "initiated ringing in-progress completed", "completed", "false", "2"),
    "answers_no_press": (answers_no_press(), "initiated ringing in-progress completed", "completed", "false", "7"),
    "voicemail": (voicemail(after=12), "initiated ringing in-progress completed", "completed", "false", "7"),
    "hangs_up_in_whisper": (
        hangs_up_in_whisper(),
        "initiated ringing in-progress completed",
        "completed",
        "false",
        "2",
    ),
    "declines": (declines(), "initiated ringing busy", "busy", "false", None),
    "busy": (busy(), "initiated busy", "busy", "false", None),
    "no_answer": (no_answer(), "initiated ringing no-answer", "no-answer", "false", None),
    "too late": (answers(after=20), "initiated ringing no-answer", "no-answer", "false", None),
    "caller_hangs_up": (caller_hangs_up(after=8), "initiated ringing canceled", "canceled", "false", None),
    "fails": (fails(), "initiated failed", "failed", "false", None),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_product_is_told(phone, screening, case):
    owner, statuses, dial_status, bridged, duration = CASES[case]
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=owner))

    legs = screening.at("/leg")
    assert [leg["CallStatus"] for leg in legs] == statuses.split()
    assert [leg["SequenceNumber"] for leg in legs] == [str(i) for i in range(len(legs))]
    assert {leg["ParentCallSid"] for leg in legs} == {call["sid"]}
    assert ["CallDuration" in leg.fields for leg in legs] == [False] * (len(legs) - 1) + [True]

    [action] = screening.at("/dial")
    assert action["DialCallStatus"] == dial_status
    assert action["DialBridged"] == bridged
    assert action.fields.get("DialCallDuration") == duration
    assert action["DialCallSid"] == legs[0]["CallSid"] == call["legs"][0]["sid"]
    assert action["CallSid"] == call["sid"]

    [final] = screening.at("/number")
    assert (final["CallSid"], final["CallStatus"]) == (call["sid"], "completed")
    assert final["CallDuration"] == str(call["duration"])


def test_an_answered_call_bridges_owner_and_caller(phone, screening):
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=answers(talk=90)))

    assert call["legs"][0]["bridged"]
    assert call["duration"] == 90
    assert call["heard"] == {"caller": [], "owner": ["Press 1 to accept."]}
    assert screening.at("/number")[0]["Duration"] == "2"  # minutes begun


def test_a_missed_call_hears_the_apology(phone, screening):
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=no_answer()))

    assert call["heard"]["caller"] == ["Sorry."]
    rings = [event["virtual_at"] for event in call["timeline"] if event["detail"].get("status") == "no-answer"]
    assert rings[0] == pytest.approx(20, abs=2)  # seconds of ringing, whatever the speed


def test_the_first_request_has_the_fields_of_a_real_one(phone, screening):
    phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=busy()))

    [request] = screening.at("/voice")
    assert len(request.fields) == 28
    assert request["CallStatus"] == "ringing"
    assert request["Direction"] == "inbound"
    assert (request["From"], request["Caller"], request["To"], request["Called"]) == (
        CUSTOMER,
        CUSTOMER,
        BUSINESS,
        BUSINESS,
    )
    assert request["ToCity"] == ""
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=UTF-8"


def test_the_whisper_runs_on_the_owners_leg(phone, screening):
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=answers()))

    [whisper] = screening.at("/whisper")
    assert (whisper["CallSid"], whisper["ParentCallSid"]) == (call["legs"][0]["sid"], call["sid"])
    assert (whisper["From"], whisper["To"], whisper["Direction"]) == (CUSTOMER, OWNER, "outbound-dial")


def test_a_caller_who_gives_up_is_gone_when_the_action_is_asked_for(phone, screening):
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=caller_hangs_up()))

    assert screening.at("/dial")[0]["CallStatus"] == "completed"
    assert call["heard"]["caller"] == []


def test_what_the_documentation_leaves_open_can_be_chosen(phone, screening):
    caller = {"hangs_up_after": 5, "final_status": "no-answer", "dial_action": False}
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=no_answer(), caller=caller))

    assert screening.at("/dial") == []
    assert call["status"] == screening.at("/number")[0]["CallStatus"] == "no-answer"


def test_a_caller_who_hangs_up_while_talking_was_answered(phone, screening):
    call = phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=answers(talk=300), caller={"hangs_up_after": 60})
    phone.wait_for_call(call)

    [action] = screening.at("/dial")
    assert (action["DialCallStatus"], action["DialBridged"], action["CallStatus"]) == ("completed", "true", "completed")


def test_a_forwarding_phone_comes_back_as_a_second_call(phone, screening):
    first_twiml = screening.answers["/voice"]
    screening.on(
        "/voice",
        lambda request: (
            "<Response><Say>Loop.</Say></Response>" if request.form.get("ForwardedFrom") == OWNER else first_twiml
        ),
    )
    phone.configure(speed=100)
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=forwards_back()))

    first, second = screening.at("/voice")
    assert first["CallSid"] == call["sid"]
    assert [second["CallSid"]] == call["linked"]
    assert (second["From"], second["ForwardedFrom"]) == (CUSTOMER, OWNER)
    [action] = screening.at("/dial")
    assert (action["DialCallStatus"], action["DialBridged"]) == ("completed", "false")
    assert len(screening.at("/number")) == 2


@pytest.mark.parametrize(
    ("second_answer", "status"),
    [
        ('<Response><Reject reason="busy"/></Response>', "busy"),
        ("<Response><Reject/></Response>", "no-answer"),
        ('<Response><Pause length="60"/></Response>', "no-answer"),  # never picks up in time
    ],
)
def test_a_refused_second_call_is_a_missed_first_one(phone, screening, second_answer, status):
    first_twiml = screening.answers["/voice"]
    screening.on("/voice", lambda request: second_answer if "ForwardedFrom" in request.form else first_twiml)
    phone.configure(speed=100)
    phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=forwards_back()))

    assert screening.at("/dial")[0]["DialCallStatus"] == status


def test_a_loop_that_nobody_breaks_ends(phone, screening):
    phone.configure(speed=50)
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=forwards_back()))

    assert call["status"] == "completed"
    assert len(screening.at("/voice")) == 4


def test_defaults_decide_for_calls_that_say_nothing(phone, screening):
    phone.set_owner(OWNER, "declines")
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS))

    assert call["legs"][0]["status"] == "busy"
