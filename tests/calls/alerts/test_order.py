"""Webhooks of an alert call, repeated and shuffled, come to the same end."""

import random

import pytest

from calls.alerts.models import AlertCall
from nevermisscall.outbox.models import Fact
from tests.calls.alerts.conftest import AlertedPhone, published, result_of
from tests.calls.conftest import numbers, verbs
from tests.fixtures.people import CUSTOMER

pytestmark = pytest.mark.django_db

STORY = {
    "initiated": lambda phone: phone.status("initiated", SequenceNumber="0"),
    "ringing": lambda phone: phone.status("ringing", SequenceNumber="1"),
    "in progress": lambda phone: phone.status("in-progress", SequenceNumber="2"),
    "words": lambda phone: phone.picks_up(),
    "another key": lambda phone: phone.presses("4"),
    "press 1": lambda phone: phone.presses("1", again=True),
    "connection": lambda phone: phone.connection("busy", bridged=False, DialCallSid="CA" + "3" * 32),
    "end": lambda phone: phone.status("completed", SequenceNumber="3"),
}


def everything(phone):
    facts = Fact.objects.order_by("pk").values_list("topic", "data")
    return AlertCall.objects.values().get(pk=phone.alert.pk), list(facts)


@pytest.mark.parametrize("kind", STORY)
def test_a_repeat_gets_the_same_answer_and_changes_nothing(phone, kind):
    answers = {name: webhook(phone).text for name, webhook in STORY.items()}
    before = everything(phone)

    assert [STORY[kind](phone).text for _ in range(3)] == [answers[kind]] * 3
    assert everything(phone) == before


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_webhooks_come_to_the_same_end_and_get_their_twiml(place, twilio, seed):
    phone = AlertedPhone(twilio, place())
    names = random.Random(seed).sample(list(STORY), len(STORY))
    answers = {name: STORY[name](phone) for name in names}

    assert result_of(phone.alert) == ("accepted", "")
    assert published(phone.alert)[-1] == "alert_call.accepted"
    assert len(set(published(phone.alert))) == len(published(phone.alert))
    assert verbs(answers["words"]) == ["Gather", "Say", "Gather", "Say", "Hangup"]
    assert numbers(answers["press 1"]) == [CUSTOMER]


def test_a_1_that_was_overtaken_by_the_end_counts_after_all(phone):
    phone.status("completed")
    phone.presses("1")

    assert result_of(phone.alert) == ("accepted", "")
    assert published(phone.alert) == ["alert_call.unanswered", "alert_call.accepted"]


def test_a_late_ringing_does_not_revive_a_call_that_is_over(phone):
    phone.status("busy")
    phone.status("ringing")
    phone.picks_up()

    assert result_of(phone.alert) == ("unanswered", "busy")
    assert phone.alert.call_at is None
