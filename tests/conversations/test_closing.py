"""Conversations that nobody goes on with end by themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Conversation, Transition
from conversations.tasks import close_quiet


@pytest.fixture
def conversation(twilio, twilio_api, acme, do_due_work):
    twilio.text("my sink is blocked")
    do_due_work()
    return Conversation.objects.get()


def quiet_for(days: int, **also) -> None:
    Conversation.objects.update(
        last_activity=timezone.now() - timedelta(days=days),
        **{"ai_due_at": None, "ai_timer_started": False, "ai_timer_started_at": None, **also},
    )


def test_a_week_of_silence_ends_it(conversation):
    quiet_for(8)

    assert close_quiet() == 1
    conversation.refresh_from_db()
    assert (conversation.status, conversation.outcome) == ("completed", "no_reply")
    assert Transition.objects.get().actor == "system"


def test_a_few_days_do_not(conversation):
    quiet_for(6)

    assert close_quiet() == 0


def test_one_that_waits_for_an_answer_stays_open(conversation):
    quiet_for(8, ai_due_at=timezone.now(), ai_timer_started=True, ai_timer_started_at=timezone.now())

    assert close_quiet() == 0


def test_it_ends_once(conversation):
    quiet_for(8)
    close_quiet()

    assert close_quiet() == 0
    assert Transition.objects.count() == 1
