"""The AI's turn: when it speaks, when it must not, and what else follows from an answer."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversations import ownership
from conversations.booking import services as booking
from conversations.booking.models import Appointment
from conversations.models import Conversation
from nevermisscall.outbox.models import Fact
from nevermisscall.status.models import ServiceState
from sms.models import Message
from tenants.models import Contact
from tests.conversations.ai.test_models import FIELDS, openai_reply
from tests.fixtures.people import CUSTOMER, OWNER_PHONE

Status = Conversation.Status

ANSWER = {
    "success": True,
    "job_type": "plumbing_drain",
    "urgency_level": "normal",
    "emergency_detected": False,
    "confidence": 0.9,
    "message_to_customer": "This is Acme Plumbing's automated assistant. What is the address?",
    "job": {"problem": "blocked sink"},
    "appointment": None,
    "conversation_complete": False,
    "summary": "A blocked kitchen sink.",
}


@pytest.fixture
def customer_waits(twilio, twilio_api, acme, do_due_work, be_due):
    """Have the customer text, and let the minute be over."""

    def wait(body: str = "my kitchen sink is blocked") -> Conversation:
        twilio.text(body)
        do_due_work()
        conversation = Conversation.objects.latest("pk")
        be_due(conversation)
        return conversation

    return wait


@pytest.fixture
def after(do_due_work):
    """Do what is due and return the conversation as it is then."""

    def run(conversation: Conversation) -> Conversation:
        do_due_work()
        conversation.refresh_from_db()
        return conversation

    return run


def texts(twilio_api, to: str = CUSTOMER) -> list[str]:
    return [text["body"] for text in twilio_api.messages(to=to)]


def topics() -> list[str]:
    return list(Fact.objects.order_by("occurred_at", "id").values_list("topic", flat=True))


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


def slot_of(acme) -> dict[str, str]:
    slot = booking.free_slots(tenant=acme, now=timezone.now(), limit=1)[0]
    return {"start": slot.start.isoformat(), "end": slot.end.isoformat()}


def booked(acme, **other) -> dict:
    return {
        **ANSWER,
        "message_to_customer": "I've requested that time with Acme Plumbing. They will confirm by text.",
        "appointment": slot_of(acme),
        "conversation_complete": True,
        "outcome": "booked",
        **other,
    }


def test_a_chosen_time_is_requested_and_the_conversation_completed(customer_waits, after, acme, dispatchbot):
    conversation = customer_waits()
    dispatchbot.reply(booked(acme))
    conversation = after(conversation)

    assert (conversation.status, conversation.outcome) == ("completed", "booked")
    visit = Appointment.objects.get()
    assert (visit.status, visit.conversation, visit.problem) == ("requested", conversation, "blocked sink")
    assert {"appointment.requested", "conversation.completed"} <= set(topics())


@pytest.mark.django_db(transaction=True)
def test_a_time_that_went_meanwhile_is_not_promised(customer_waits, after, acme, twilio_api, dispatchbot, elsewhere):
    conversation = customer_waits()
    answer = booked(acme)

    def somebody_else_books() -> None:
        contact = Contact.objects.create(tenant=acme, number="+14155550999")
        other = Conversation.objects.create(
            tenant=acme, phone_number=acme.numbers.get(), contact=contact, customer_phone=contact.number
        )
        booking.request(conversation=other, start=datetime.fromisoformat(answer["appointment"]["start"]), key="o")

    dispatchbot.reply(answer, meanwhile=elsewhere(somebody_else_books))
    dispatchbot.reply(ANSWER)
    after(conversation)

    assert len(dispatchbot.requests) == 2
    assert texts(twilio_api) == [ANSWER["message_to_customer"]]
    assert Appointment.objects.filter(conversation=conversation).count() == 0


def test_another_time_replaces_the_visit_that_is_open(customer_waits, after, acme, dispatchbot):
    conversation = customer_waits()
    first = booking.request(
        conversation=conversation, start=booking.free_slots(tenant=acme, now=timezone.now(), limit=2)[1].start, key="f"
    )
    dispatchbot.reply(booked(acme))
    after(conversation)

    first.refresh_from_db()
    assert first.status == "canceled"
    assert Appointment.objects.open().count() == 1


def test_a_customer_who_cannot_be_texted_is_left_to_the_owner(customer_waits, after, acme, twilio_api):
    conversation = customer_waits()
    Contact.objects.update(is_landline=True)
    conversation = after(conversation)

    assert texts(twilio_api) == []
    assert (conversation.status, conversation.ai_due_at) == ("active", None)
    assert "needs you" in texts(twilio_api, OWNER_PHONE)[0]


# -- models


def test_a_model_of_ones_own_answers_too(customer_waits, after, twilio_api, model):
    calm = {"urgency_level": "normal", "emergency_detected": False}
    model.reply(openai_reply({**FIELDS, **calm, "message_to_customer": ANSWER["message_to_customer"]}))
    conversation = after(customer_waits())

    assert texts(twilio_api) == [ANSWER["message_to_customer"]]
    assert conversation.job == {"problem": "burst water heater"}
    assert CUSTOMER not in str(model.requests)


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"body": b"<html>"}, {"after": 7.0}], ids=["503", "broken", "too slow"]
)
def test_when_the_model_fails_the_rules_answer(customer_waits, after, twilio_api, model, fault):
    model.reply(**{"data": openai_reply(), **fault})
    after(customer_waits())

    (answer,) = texts(twilio_api)
    assert "automated assistant" in answer


# -- emergencies


def test_an_emergency_is_answered_at_once_with_the_safety_words(twilio, twilio_api, acme, do_due_work):
    twilio.text("Gas leak in house!")
    do_due_work()

    (answer,) = texts(twilio_api)
    assert "911" in answer
    assert Conversation.objects.get().urgency_level == "emergency"
    assert Message.objects.get(to_number=CUSTOMER).purpose == "emergency"


def test_a_dispatcher_gets_it_as_an_emergency_and_the_words_come_first(
    twilio, twilio_api, acme, do_due_work, dispatchbot
):
    dispatchbot.reply({**ANSWER, "urgency_level": "low"})
    twilio.text("Gas leak in house!")
    do_due_work()

    asked = dispatchbot.requests[0][2]
    assert (asked["priority"], asked["bypass_timer"]) == ("emergency", True)
    (answer,) = texts(twilio_api)
    assert answer.index("911") < answer.index("What is the address?")
    assert Conversation.objects.get().urgency_level == "emergency"


def test_the_safety_words_are_said_once(twilio, twilio_api, acme, do_due_work, dispatchbot, be_due):
    dispatchbot.reply({**ANSWER, "urgency_level": "emergency"})
    twilio.text("Gas leak in house!")
    do_due_work()
    twilio.text("Gas leak in house!! hurry")
    do_due_work()

    first, second = texts(twilio_api)
    assert "911" in first
    assert "911" not in second


def test_an_emergency_that_only_the_dispatcher_sees_is_escalated(customer_waits, after, twilio_api, dispatchbot):
    dispatchbot.reply({**ANSWER, "emergency_detected": True, "urgency_level": "emergency"})
    conversation = after(customer_waits("could you call me about the thing from this morning"))

    assert conversation.urgency_level == "emergency"
    assert conversation.escalations.get().detected_by == "dispatchbot"
    assert "EMERGENCY" in texts(twilio_api, OWNER_PHONE)[0]


def test_without_ai_the_safety_words_are_sent_all_the_same(twilio, twilio_api, acme, do_due_work):
    acme.ai_enabled = False
    acme.save()
    twilio.text("Gas leak in house!")
    do_due_work()

    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.ai_due_at) == ("active", None)
    assert "911" in texts(twilio_api)[0]
    assert Message.objects.get(to_number=CUSTOMER).sender_type == "system"


# -- a person who falls silent


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


# -- dispatchers that fail


@pytest.mark.parametrize(
    "fault",
    [
        {"body": b"{not json"},
        {"status": 500},
        {"data": {"success": True}},
        {"data": {**ANSWER, "confidence": 0.2}},
        {"data": {**ANSWER, "success": False}},
        {"data": {**ANSWER, "message_to_customer": "It will cost $99 and we arrive in 10 minutes."}},
    ],
    ids=["broken", "500", "wrong schema", "unsure", "no success", "a promise"],
)
def test_when_dispatchbot_fails_the_rules_answer(customer_waits, after, twilio_api, dispatchbot, fault):
    dispatchbot.reply(**fault)
    after(customer_waits())

    (answer,) = texts(twilio_api)
    assert "automated assistant" in answer
    assert "$99" not in answer


def test_what_fails_is_on_health_and_so_is_its_return(customer_waits, after, twilio, client, dispatchbot, be_due):
    dispatchbot.reply(status=500)
    conversation = after(customer_waits())
    assert ServiceState.objects.get(name="dispatchbot_ai").state == "degraded"

    dispatchbot._replies.clear()
    dispatchbot.reply(ANSWER)
    twilio.text("1 Main Street")
    after(conversation)
    be_due(conversation)
    after(conversation)
    assert ServiceState.objects.get(name="dispatchbot_ai").state == "ok"


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
