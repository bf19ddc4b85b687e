"""One dispatcher after another: who answers, what failed, how long it takes at most."""

import time

import pytest

from conversations.ai.breaker import Breaker, State
from conversations.ai.chain import Chain, Health, Link
from conversations.ai.dispatchbot.client import DispatchBot
from conversations.ai.protocol import EMERGENCY, DispatcherError, Fault
from tests.conversations.ai.people import THURSDAY_9, answer, answer_json, line, request, slot

GOOD = "Sorry to hear that! What's the address?"


class Scripted:
    """A dispatcher that says what it is told to, or raises it."""

    def __init__(self, name, says):
        self.name = name
        self.says = says
        self.asked = []

    def answer(self, request, *, deadline):
        self.asked.append(deadline)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def chain(*dispatchers, breaker=None, **options):
    return Chain([Link(each, breaker=breaker if each.name == "remote" else None) for each in dispatchers], **options)


def late():
    return Scripted("remote", DispatcherError("no answer within the deadline", fault=Fault.TIMEOUT))


def asked():
    return request("It leaks", introduced=True)


def test_the_first_answer_is_used_and_nobody_else_asked():
    rules = Scripted("rules", answer("I am not asked."))
    turn = chain(Scripted("remote", answer(GOOD)), rules).answer(asked())

    assert turn.answer.message_to_customer == GOOD
    assert (turn.given_by, turn.failures, turn.health) == ("remote", (), Health.OK)
    assert rules.asked == []


def test_a_failure_is_made_good_by_the_next_and_shown():
    turn = chain(late(), Scripted("rules", answer(GOOD))).answer(asked())

    assert turn.given_by == "rules"
    assert [(failure.dispatcher, failure.fault) for failure in turn.failures] == [("remote", Fault.TIMEOUT)]
    assert turn.health == Health.DEGRADED


def test_when_nobody_answers_the_message_is_acknowledged():
    turn = chain(late(), Scripted("rules", DispatcherError("no idea"))).answer(asked())

    assert "received your message" in turn.answer.message_to_customer
    assert turn.answer.needs_human
    assert (turn.given_by, turn.health) == ("acknowledgement", Health.DOWN)


def test_the_acknowledgement_is_in_the_customer_s_language():
    turn = chain(late()).answer(request("Hola", language="es"))

    assert "Recibimos su mensaje" in turn.answer.message_to_customer


def test_a_text_that_breaks_a_rule_is_not_used():
    turn = chain(Scripted("remote", answer("It costs $5.")), Scripted("rules", answer(GOOD))).answer(asked())

    assert turn.given_by == "rules"
    assert turn.failures[0].fault == Fault.UNSAFE
    assert "price" in turn.failures[0].message
    assert turn.health == Health.OK  # the service works


def test_the_text_is_the_one_the_guard_put_right():
    turn = chain(Scripted("remote", answer("It’s noted. What’s the address?"))).answer(request("It leaks"))

    assert turn.answer.message_to_customer == (
        "This is Acme Plumbing's automated assistant. It's noted. What's the address?"
    )


def test_a_visit_at_a_time_that_is_not_free_is_no_answer():
    turn = chain(Scripted("rules", answer(GOOD, appointment=slot(21, 9, 10)))).answer(asked())

    assert turn.given_by == "acknowledgement"


def test_a_visit_at_a_free_time_is():
    turn = chain(Scripted("rules", answer(GOOD, appointment=THURSDAY_9))).answer(asked())

    assert turn.answer.appointment == THURSDAY_9


# --- emergencies


def test_a_calmer_dispatcher_lowers_no_emergency():
    turn = chain(Scripted("remote", answer(GOOD, urgency_level="low"))).answer(
        request("gas", introduced=True, urgency_level=EMERGENCY)
    )

    assert turn.answer.urgency_level == EMERGENCY


def test_an_emergency_seen_by_a_dispatcher_whose_text_may_not_leave_stays_one():
    remote = Scripted("remote", answer("Help is on the way!", urgency_level=EMERGENCY, emergency_detected=True))
    turn = chain(remote, Scripted("rules", answer(GOOD, urgency_level="normal"))).answer(asked())

    assert (turn.given_by, turn.answer.urgency_level, turn.answer.emergency_detected) == ("rules", EMERGENCY, True)


# --- bugs, logs, observers


def test_a_dispatcher_that_crashes_is_a_failure_without_a_customer_s_words(caplog):
    turn = chain(Scripted("rules", KeyError("Jane, 5 Elm St, +14155550123"))).answer(asked())

    assert turn.given_by == "acknowledgement"
    assert turn.failures[0].fault == Fault.CRASHED
    assert turn.failures[0].message.startswith("KeyError at test_chain.py:")
    assert "Elm" not in caplog.text + repr(turn.failures)


def test_each_failure_is_logged_with_its_kind(caplog):
    chain(late(), Scripted("rules", answer(GOOD))).answer(asked())

    record = next(record for record in caplog.records if record.msg == "a dispatcher has no answer")
    assert (record.dispatcher, record.fault) == ("remote", "timeout")


def test_the_observer_sees_every_turn():
    seen = []
    chain(late(), observe=seen.append).answer(asked())

    assert [(turn.given_by, turn.health) for turn in seen] == [("acknowledgement", Health.DOWN)]


def test_an_observer_that_fails_harms_nobody(caplog):
    def observe(turn):
        raise OSError("no database")

    turn = chain(Scripted("remote", answer(GOOD)), observe=observe).answer(asked())

    assert turn.given_by == "remote"
    assert "the observer of the dispatchers failed" in caplog.text


# --- the breaker


def test_after_failures_in_a_row_the_service_is_left_alone():
    remote, breaker = late(), Breaker(failures=2)
    links = chain(remote, Scripted("rules", answer(GOOD)), breaker=breaker)
    turns = [links.answer(asked()) for _ in range(4)]

    assert len(remote.asked) == 2
    assert turns[-1].failures[0].fault == Fault.OPEN
    assert turns[-1].health == Health.DEGRADED
    assert turns[-1].breakers["remote"].state == State.OPEN


@pytest.mark.parametrize(
    "says", [DispatcherError("low", fault=Fault.UNSURE), answer("It costs $5.")], ids=["unsure", "unsafe"]
)
def test_an_answer_that_cannot_be_used_does_not_open_it(says):
    breaker = Breaker(failures=1)
    chain(Scripted("remote", says), breaker=breaker).answer(asked())

    assert breaker.snapshot().state == State.CLOSED


def test_a_service_that_is_back_is_asked_again():
    remote, breaker = late(), Breaker(failures=1, pause_seconds=0)
    links = chain(remote, breaker=breaker)
    links.answer(asked())
    remote.says = answer(GOOD)

    assert links.answer(asked()).given_by == "remote"
    assert breaker.snapshot().state == State.CLOSED


# --- time


def test_the_service_gets_its_share_and_the_next_the_rest():
    remote, rules = late(), Scripted("rules", answer(GOOD))
    Chain([Link(remote, deadline=6), Link(rules)], deadline=8).answer(asked())

    assert remote.asked == [6]
    assert 7.5 < rules.asked[0] <= 8


def test_a_service_that_drips_costs_no_more_than_its_share(server):
    server.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    bot = DispatchBot(url=server.url, api_key="secret")
    links = Chain([Link(bot, deadline=0.5), Link(Scripted("rules", answer(GOOD)))], deadline=0.8)
    started = time.monotonic()
    turn = links.answer(asked())
    bot.close()

    assert turn.given_by == "rules"
    assert time.monotonic() - started < 1.0


def test_the_whole_way_with_dispatchbot(server):
    server.reply(answer_json(message_to_customer="This is an emergency. Please leave the house and call 911."))
    bot = DispatchBot(url=server.url, api_key="secret")
    turn = Chain([Link(bot, breaker=Breaker())]).answer(request("Gas leak in house!", messages=[line("Gas leak!")]))
    bot.close()

    assert turn.given_by == "dispatchbot"
    assert turn.answer.message_to_customer.endswith("This is an emergency. Please leave the house and call 911.")
    assert turn.breakers["dispatchbot"].successes == 1
