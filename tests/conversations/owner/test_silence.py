"""An owner's text that has arrived stops the AI before it is known what it says."""

import pytest

from conversations import ownership, threads
from conversations.models import Conversation, Transition
from nevermisscall.outbox import queues, work
from nevermisscall.outbox.facts import DELIVERIES
from nevermisscall.outbox.models import Delivery
from sms import services as sms_services
from sms.models import Message
from tenants.compliance import Purpose
from tests.conversations.owner.conftest import JANE
from tests.fixtures.people import OWNER_PHONE


@pytest.fixture
def draft(phones, business, twilio_api):
    """The AI has a conversation and a text in it that has not left."""
    conversation = phones.customer()
    ownership.move(conversation, Conversation.Status.AI_HANDLING, actor=Transition.Actor.AI, reason="nobody answered")
    message = sms_services.send_message(
        number=threads.sender_of(conversation),
        to_number=conversation.customer_phone,
        body="What is the address?",
        purpose=Purpose.AI,
        idempotency_key="ai:1",
        sender_type=Message.SenderType.AI,
    )
    threads.add_sent(conversation, message)
    return message


def send_what_is_due() -> None:
    """Only the sender works: whoever would handle facts has not come to it."""
    queue = queues.get("sms.send")
    for row in work.claim(queue, limit=100):
        work.run_claimed(queue, row)


def test_until_it_took_effect_no_text_of_the_ai_leaves(phones, draft, twilio, business):
    twilio.text("On my way", From=OWNER_PHONE)
    assert ownership.owner_is_writing(business.pk)
    send_what_is_due()
    assert phones.texts_to(JANE) == []

    phones.do_due_work()
    assert not ownership.owner_is_writing(business.pk)
    assert phones.texts_to(JANE) == ["On my way"]
    draft.refresh_from_db()
    assert draft.status == "canceled"


def test_if_it_was_not_for_this_customer_the_text_leaves_a_moment_later(phones, draft, twilio):
    twilio.text("LIST", From=OWNER_PHONE)
    send_what_is_due()
    draft.refresh_from_db()
    assert draft.status == "queued"

    Message.objects.filter(pk=draft.pk).update(next_attempt_at=draft.created_at)
    phones.do_due_work()
    assert phones.texts_to(JANE) == ["What is the address?"]


def test_a_text_whose_effect_was_given_up_holds_nobody_up(phones, draft, twilio, business):
    twilio.text("On my way", From=OWNER_PHONE)
    Delivery.objects.filter(subscriber="owner.receive_text").update(dead_at=draft.created_at)

    assert not ownership.owner_is_writing(business.pk)


def test_the_owner_of_another_business_holds_nobody_up(draft, twilio, rival):
    twilio.text("On my way", From=OWNER_PHONE)

    assert not ownership.owner_is_writing(rival.pk)


def test_being_asked_costs_two_queries(draft, twilio, business, django_assert_num_queries):
    with django_assert_num_queries(1):
        ownership.owner_is_writing(business.pk)
    twilio.text("On my way", From=OWNER_PHONE)
    with django_assert_num_queries(2):
        ownership.owner_is_writing(business.pk)
    assert work.claim(DELIVERIES, limit=10)
