"""A turn in an emergency: the safety words at once, once, and with or without AI."""

from conversations.models import Conversation
from sms.models import Message
from tests.conversations.dispatching.conftest import ANSWER, texts
from tests.fixtures.people import CUSTOMER, OWNER_PHONE


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
