"""A text-back does not arrive, so the owner's phone rings: on the running product, at noon of the business's clock."""

from datetime import UTC, datetime

import pytest

from nevermisscall.twilio.emulator import control
from tests.journeys.stack import wait_until

BUSINESS, OWNER = "+15005550120", "+15005550220"


@pytest.fixture(scope="module")
def business(stack):
    hours_to_noon = 12 - datetime.now(UTC).hour
    zone = f"Etc/GMT{-hours_to_noon:+d}"  # its sign is the other way round
    stack.business(BUSINESS, OWNER, "--timezone", zone, "--set", "call_owner_when_undelivered=true")


@pytest.fixture
def miss(stack, phone, customer, business):
    """Miss a call of a customer whose phone takes no texts; return the owner's call when it is over, and its row."""

    def happen(owner, *faults, meanwhile=lambda: None, **trouble):
        phone.set_destination(customer, error=30005)
        phone.set_owner(OWNER, owner)
        phone.set_faults(*faults, **trouble)
        phone.wait_for_call(phone.place_call(from_=customer, to=BUSINESS, owner="declines"))
        meanwhile()
        ended = (
            "SELECT status, reason, call_sid FROM alerts_alertcall WHERE connect_to = %s "
            "AND status IN ('accepted', 'unanswered', 'failed') AND (ended_at IS NOT NULL OR call_sid IS NULL)"
        )
        status, reason, call_sid = wait_until(lambda: stack.rows(ended, customer), seconds=30)[0]
        return (status, reason), phone.wait_for_call(call_sid)

    return happen


def calls_to_owner(stack, call):
    """Return how many calls Twilio placed to the owner since `call` began, itself included."""
    ledger = [entry for entry in stack.phone.ledger() if entry["kind"] == "call" and entry["to"] == OWNER]
    return len(ledger) - next(n for n, entry in enumerate(ledger) if entry["sid"] == call["sid"])


def test_who_presses_1_is_connected_with_the_customer(stack, phone, customer, miss):
    phone.set_owner(customer, control.answers(talk=10))
    result, call = miss(control.answers(talk=60))

    assert result == ("accepted", "")
    assert "missed call from 1 4 1 5" in call["heard"]["caller"][0]
    [leg] = call["legs"]
    assert (leg["from"], leg["to"], leg["bridged"]) == (BUSINESS, customer, True)
    assert any("missed call" in text["body"] for text in stack.texts_to(OWNER))
    assert stack.rows("SELECT count(*) FROM calls_call WHERE to_number IN (%s, %s)", OWNER, customer) == [(0,)]


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        (control.voicemail(after=5), "not_confirmed"),
        (control.answers_no_press(), "not_confirmed"),
        (control.no_answer(), "no_answer"),
        (control.declines(), "busy"),
        (control.forwards_back(), "busy"),
    ],
    ids=lambda value: value["behaviour"] if isinstance(value, dict) else value,
)
def test_who_presses_nothing_has_not_heard(stack, miss, owner, reason):
    missed = stack.rows("SELECT count(*) FROM calls_call WHERE outcome = 'missed'")[0][0]
    result, call = miss(owner)

    assert result == ("unanswered", reason)
    assert call["legs"] == []
    assert calls_to_owner(stack, call) == 1
    # The customer's call is the only one that was missed, also when the owner's phone brings ours back to us.
    assert stack.rows("SELECT count(*) FROM calls_call WHERE outcome = 'missed'") == [(missed + 1,)]


@pytest.mark.parametrize(
    "trouble",
    [{"duplicate": 3}, {"concurrent": 5}, {"shuffle": True}],
    ids=["repeated", "at once", "reordered"],
)
def test_repeated_and_reordered_webhooks_change_nothing(stack, miss, trouble):
    result, call = miss(control.answers(talk=20), webhooks=trouble)

    assert result == ("accepted", "")
    assert calls_to_owner(stack, call) == 1
    told = "SELECT count(*) FROM outbox_fact WHERE topic = 'alert_call.accepted' AND data->>'call_sid' = %s"
    assert stack.rows(told, call["sid"]) == [(1,)]


@pytest.mark.parametrize(
    "fault",
    [{"kind": "reset"}, {"kind": "error", "status": 503, "accepted": True}],
    ids=["reset", "503"],
)
def test_an_answer_of_twilios_that_is_lost_rings_the_owner_once(stack, miss, fault):
    result, call = miss(control.answers(talk=20), {**fault, "on": "calls.create", "times": 1})

    assert result == ("accepted", "")
    assert calls_to_owner(stack, call) == 1


def test_a_worker_killed_in_the_middle_of_its_request_rings_the_owner_once(stack, customer, miss):
    def kill_the_worker():
        placing = "SELECT 1 FROM alerts_alertcall WHERE connect_to = %s AND status = 'calling'"
        wait_until(lambda: stack.rows(placing, customer))
        stack.kill("worker")
        stack.start_process("worker")

    slow = {"kind": "slow", "seconds": 3, "on": "calls.create", "times": 1}
    result, call = miss(control.answers(talk=20), slow, meanwhile=kill_the_worker)

    assert result == ("accepted", "")
    assert calls_to_owner(stack, call) == 1
