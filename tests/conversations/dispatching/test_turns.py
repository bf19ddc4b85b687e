"""The AI's turn: when it speaks, when it must not, and what else follows from an answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import ownership
from conversations.models import Conversation
from nevermisscall.lib import clock
from sms.models import Message
from tenants.models import Contact
from tests.conversations.dispatching.conftest import ANSWER, texts, topics
from tests.fixtures.people import CUSTOMER, OWNER_PHONE

Status = Conversation.Status


@pytest.mark.fault("F25")
def test_words_that_were_answered_before_the_database_was_lost_are_not_answered_again(
    customer_waits, after, twilio_api, dispatchbot
):
    dispatchbot.reply(ANSWER)
    conversation = customer_waits()
    Message.objects.create(  # as the reconciliation enters it
        tenant=conversation.tenant,
        phone_number=conversation.phone_number,
        purpose="found",
        status="delivered",
        message_sid="SM" + "f" * 32,
        idempotency_key="found:1",
        from_number=conversation.phone_number.number,
        to_number=CUSTOMER,
        body="What is the address?",
    )
    conversation = after(conversation)

    assert texts(twilio_api) == []
    assert (conversation.ai_due_at, conversation.ai_timer_started) == (None, False)


def test_after_its_minute_the_ai_answers_and_has_the_conversation(customer_waits, after, twilio_api, dispatchbot):
    dispatchbot.reply(ANSWER)
    conversation = after(customer_waits())

    assert texts(twilio_api) == [ANSWER["message_to_customer"]]
    assert (conversation.status, conversation.ai_due_at, conversation.ai_timer_started) == ("ai_handling", None, False)
    assert (conversation.job_type, conversation.job) == ("plumbing_drain", {"problem": "blocked sink"})
    assert conversation.summary == "A blocked kitchen sink."
    assert {"conversation.ai_taken", "conversation.message_sent"} <= set(topics())
    assert conversation.transitions.get().reason == "nobody had answered"


@pytest.fixture
def told_at_any_hour(monkeypatch):
    monkeypatch.setattr("conversations.late_news.FROM_HOUR", 0)
    monkeypatch.setattr("conversations.late_news.TO_HOUR", 24)
    monkeypatch.setattr("conversations.late_news.MORE_MAY_COME", timedelta(0))


def nothing_worked(conversation, minutes):
    due = timezone.now() - timedelta(minutes=minutes)
    Conversation.objects.filter(pk=conversation.pk).update(ai_due_at=due)


def test_old_words_are_left_to_the_owner(customer_waits, after, twilio_api, told_at_any_hour):
    conversation = customer_waits()
    nothing_worked(conversation, minutes=11)
    conversation = after(conversation)

    assert texts(twilio_api) == []
    assert texts(twilio_api, OWNER_PHONE) == [f"#{conversation.pk} (415) 555-0123: my kitchen sink is blocked"]
    assert (conversation.status, conversation.ai_due_at, conversation.ai_timer_started) == ("active", None, False)


def test_words_of_some_minutes_ago_are_answered(customer_waits, after, twilio_api):
    conversation = customer_waits()
    nothing_worked(conversation, minutes=9)
    after(conversation)

    assert len(texts(twilio_api)) == 1


def test_an_emergency_is_answered_however_late(customer_waits, after, twilio_api):
    conversation = customer_waits()
    Conversation.objects.filter(pk=conversation.pk).update(urgency_level="emergency")
    nothing_worked(conversation, minutes=60)
    after(conversation)

    assert len(texts(twilio_api)) == 1


@pytest.mark.parametrize(("minutes", "is_answered"), [(14, True), (16, False)])
def test_words_that_waited_in_the_journal_are_answered_while_they_are_fresh(
    twilio, twilio_api, acme, do_due_work, be_due, told_at_any_hour, minutes, is_answered
):
    with clock.as_of(timezone.now() - timedelta(minutes=minutes)):
        twilio.text("my kitchen sink is blocked")
    do_due_work()
    conversation = Conversation.objects.get()
    be_due(conversation)
    do_due_work()

    assert bool(texts(twilio_api)) == is_answered
    assert "my kitchen sink is blocked" in texts(twilio_api, OWNER_PHONE)[0]


def test_before_its_minute_it_says_nothing(twilio, twilio_api, acme, do_due_work):
    twilio.text("my kitchen sink is blocked")
    do_due_work()

    assert texts(twilio_api) == []


def test_the_owner_learns_that_the_ai_answers(customer_waits, after, twilio_api):
    conversation = after(customer_waits())

    (told,) = texts(twilio_api, OWNER_PHONE)
    assert told.startswith(f'#{conversation.pk} (415) 555-0123 wrote: "my kitchen sink is blocked"')


def test_the_rules_answer_without_anything_configured(customer_waits, after, twilio_api):
    after(customer_waits())

    (answer,) = texts(twilio_api)
    assert "automated assistant" in answer
    assert "Acme Plumbing" in answer


def test_a_human_reply_before_the_minute_keeps_the_ai_silent(customer_waits, after, twilio_api):
    conversation = customer_waits()
    ownership.reply(conversation_id=conversation.pk, body="On my way.", idempotency_key="r")
    conversation = after(conversation)

    assert texts(twilio_api) == ["On my way."]
    assert conversation.status == Status.USER_HANDLING


@pytest.mark.django_db(transaction=True)
def test_a_takeover_while_the_ai_thinks_drops_its_answer(customer_waits, after, twilio_api, dispatchbot, elsewhere):
    conversation = customer_waits()
    take = elsewhere(lambda: ownership.take_over(conversation_id=conversation.pk, user=None))
    dispatchbot.reply(ANSWER, meanwhile=take)
    conversation = after(conversation)

    assert len(dispatchbot.requests) == 1
    assert texts(twilio_api) == []
    assert (conversation.status, conversation.job_type) == ("user_handling", "")


@pytest.mark.django_db(transaction=True)
def test_words_while_the_ai_thinks_get_one_answer_to_all(
    customer_waits, after, twilio, twilio_api, dispatchbot, elsewhere, be_due, do_due_work
):
    conversation = customer_waits()

    def more() -> None:
        twilio.text("and the toilet")
        do_due_work()

    dispatchbot.reply(ANSWER, meanwhile=elsewhere(more))
    dispatchbot.reply(ANSWER)
    after(conversation)
    be_due(conversation)
    after(conversation)

    assert [line["body"] for line in dispatchbot.requests[-1][2]["messages"]][-1] == "and the toilet"
    assert texts(twilio_api) == [ANSWER["message_to_customer"]]


def test_a_customer_who_cannot_be_texted_is_left_to_the_owner(customer_waits, after, acme, twilio_api):
    conversation = customer_waits()
    Contact.objects.update(is_landline=True)
    conversation = after(conversation)

    assert texts(twilio_api) == []
    assert (conversation.status, conversation.ai_due_at) == ("active", None)
    assert "needs you" in texts(twilio_api, OWNER_PHONE)[0]


def test_a_silent_person_is_warned_and_then_the_ai_answers(customer_waits, after, twilio, acme, twilio_api, be_due):
    acme.human_silence_minutes = 10
    acme.save()
    conversation = customer_waits()
    ownership.take_over(conversation_id=conversation.pk, user=None)
    twilio.text("hello?")
    conversation = after(conversation)
    be_due(conversation)
    conversation = after(conversation)

    assert conversation.status == Status.USER_HANDLING
    assert "is waiting for you" in texts(twilio_api, OWNER_PHONE)[-1]
    assert timedelta(seconds=100) < conversation.ai_due_at - timezone.now() < timedelta(seconds=121)

    be_due(conversation)
    conversation = after(conversation)
    assert conversation.status == Status.AI_HANDLING
    assert len(texts(twilio_api)) == 1


def test_a_turn_asks_the_database_a_bounded_number_of_times(
    customer_waits, after, django_assert_max_num_queries, twilio, be_due
):
    from conversations.dispatching import turns
    from nevermisscall.outbox import work

    conversation = after(customer_waits())
    for number in range(20):
        twilio.text(f"and another thing, number {number}")
    after(conversation)
    be_due(conversation)
    with django_assert_max_num_queries(60):
        assert work.run_one(turns.QUEUE, conversation.pk)
