"""A turn in which the customer chose a time: requested, refused because it went, replaced."""

from datetime import datetime

import pytest
from django.utils import timezone

from conversations.booking import services as booking
from conversations.booking.models import Appointment
from conversations.models import Conversation
from tenants.models import Contact
from tests.conversations.dispatching.conftest import ANSWER, texts, topics


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
