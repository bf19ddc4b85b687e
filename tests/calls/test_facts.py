"""What other systems hear of a call, in the words of the design (§5.4)."""

import pytest

from calls.models import Call
from nevermisscall.outbox.models import Fact
from tests.calls.conftest import topics
from tests.fixtures.people import ACME_NUMBER, CUSTOMER

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(time_machine):
    def move(second: int) -> None:
        time_machine.move_to(f"2026-03-02T15:00:{second:02}Z", tick=False)

    move(0)
    return move


def envelope(topic: str) -> dict:
    return Fact.objects.get(topic=topic).envelope()


def test_a_call_that_arrives(acme, twilio, at):
    twilio.incoming_call()

    incoming = envelope("call.incoming")
    assert len(incoming.pop("id")) == 36
    assert incoming.pop("occurred_at").endswith("Z")
    assert incoming == {
        "event_type": "call.incoming",
        "version": 1,
        "tenant_id": acme.pk,
        "sequence": 1,
        "data": {
            "call_id": Call.objects.get().pk,
            "call_sid": twilio.call_sid,
            "from": CUSTOMER,
            "to": ACME_NUMBER,
            "direction": "inbound",
            "status": "ringing",
            "duration": 0,
            "reason": "",
            "started_at": "2026-03-02T15:00:00Z",
            "ended_at": None,
        },
    }


def test_a_missed_call(acme, twilio, at):
    twilio.incoming_call()
    at(25)
    twilio.dial_action(DialCallStatus="busy")

    missed = envelope("call.missed")
    assert (missed["sequence"], missed["tenant_id"]) == (2, acme.pk)
    assert (missed["data"]["reason"], missed["data"]["duration"]) == ("busy", 0)
    assert missed["data"]["ended_at"] == "2026-03-02T15:00:25Z"


def test_a_missed_call_took_no_time_to_talk(acme, twilio):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="completed", DialBridged="false", DialCallDuration="9")
    twilio.call_ends(CallDuration="31")

    assert [fact.data["duration"] for fact in Fact.objects.order_by("sequence")] == [0, 0, 0]


def test_an_answered_call(acme, twilio):
    twilio.answered_call(seconds=42)

    answered, completed = envelope("call.answered"), envelope("call.completed")
    assert (answered["data"]["duration"], answered["data"]["reason"]) == (42, "")
    assert (completed["data"]["duration"], completed["data"]["status"]) == (42, "completed")
    assert completed["data"]["ended_at"] is not None
    assert [answered["sequence"], completed["sequence"]] == [2, 3]


def test_an_owner_number_that_cannot_be_reached_is_said_besides(acme, twilio):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="failed")
    twilio.call_ends()

    assert topics(twilio.call_sid) == ["call.incoming", "call.missed", "call.failed", "call.completed"]


STORIES = {
    "answered": (lambda t: t.answered_call(), ["call.incoming", "call.answered", "call.completed"]),
    "caller hung up while it rang": (
        lambda t: (t.incoming_call(), t.dial_action(DialCallStatus="canceled", CallStatus="completed"), t.call_ends()),
        ["call.incoming", "call.missed", "call.completed"],
    ),
    "caller hung up after the talk": (
        lambda t: (
            t.incoming_call(),
            t.press("1"),
            t.dial_action(DialCallStatus="completed", DialBridged="true", CallStatus="completed"),
            t.call_ends(),
        ),
        ["call.incoming", "call.answered", "call.completed"],
    ),
    "two ends": (
        lambda t: (
            t.incoming_call(),
            t.call_ends(),
            t.post("/api/webhooks/status", t.call_fields(CallStatus="completed")),
            t.call_ends(CallStatus="canceled"),
        ),
        ["call.incoming", "call.missed", "call.completed"],
    ),
    "taken back": (
        lambda t: (
            t.incoming_call(),
            t.press("1"),
            t.dial_action(DialCallStatus="busy"),
            t.dial_action(DialCallStatus="completed", DialBridged="true"),
            t.call_ends(),
        ),
        ["call.incoming", "call.missed", "call.answered", "call.completed"],
    ),
}


@pytest.mark.parametrize("what", STORIES)
def test_each_thing_that_happened_is_said_once(acme, twilio, what):
    tell, expected = STORIES[what]
    tell(twilio)

    assert topics(twilio.call_sid) == expected


def test_a_refused_call_is_only_seen_coming_and_going(set_up, twilio):
    set_up(status="suspended")
    twilio.incoming_call()
    twilio.call_ends()

    assert topics(twilio.call_sid) == ["call.incoming", "call.completed"]


def test_rivals_facts_are_rivals(acme, rival, twilio):
    twilio.incoming_call(To="+15005550900")

    assert Fact.objects.get().tenant_id == rival.pk
