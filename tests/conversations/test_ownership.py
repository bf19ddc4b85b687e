"""Who has a conversation, and that whatever a person does stops the AI."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import ownership, threads
from conversations.models import Conversation, Transition
from nevermisscall.lib.refusals import Refusal
from nevermisscall.outbox.models import Fact
from sms import services as sms_services
from sms.models import Message, SendAttempt
from sms.models import Status as MessageStatus
from sms.services import TextRefused
from tenants.compliance import Purpose
from tenants.models import Contact
from tests.sms.sending.conftest import run_again

Status, Ownership = Conversation.Status, Conversation.Ownership


@pytest.fixture
def conversation(twilio, twilio_api, acme, do_due_work):
    twilio.text("my sink is blocked")
    do_due_work()
    return Conversation.objects.get()


@pytest.fixture
def of_the_ai(conversation):
    ownership.move(conversation, Status.AI_HANDLING, actor=Transition.Actor.AI, reason="nobody had answered")
    return conversation


def draft(conversation: Conversation) -> Message:
    """Queue a text of the AI in the conversation."""
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


def take(conversation: Conversation, **more) -> tuple[Conversation, bool]:
    return ownership.take_over(conversation_id=conversation.pk, user=None, **more)


def reply(conversation: Conversation, body: str = "On my way.", key: str = "reply:1") -> Message:
    return ownership.reply(conversation_id=conversation.pk, body=body, idempotency_key=key)


def topics() -> list[str]:
    return list(Fact.objects.order_by("occurred_at").values_list("topic", flat=True))


def test_a_takeover_stops_the_timer_and_says_so(conversation):
    taken, is_news = take(conversation, reason="high_value_lead")

    assert is_news
    assert (taken.status, taken.ownership) == (Status.USER_HANDLING, Ownership.USER)
    assert (taken.ai_timer_started, taken.ai_timer_started_at, taken.ai_due_at) == (False, None, None)
    assert taken.user_takeover_at is not None
    assert Transition.objects.get().reason == "high_value_lead"
    assert topics()[-1] == "conversation.user_taken"


def test_taking_over_twice_changes_nothing(conversation):
    take(conversation)
    _, is_news = take(conversation)

    assert not is_news
    assert Transition.objects.count() == 1


def test_a_takeover_withdraws_what_the_ai_has_not_sent(of_the_ai, twilio_api, do_due_work):
    message = draft(of_the_ai)
    take(of_the_ai)
    do_due_work()

    message.refresh_from_db()
    assert message.status == MessageStatus.CANCELED
    assert twilio_api.messages() == []


def test_a_text_of_the_ai_that_comes_back_to_the_queue_is_asked_about_again(of_the_ai, twilio_api, do_due_work):
    message = draft(of_the_ai)
    take(of_the_ai)
    # As after a 429 that arrived while the takeover committed.
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.QUEUED, next_attempt_at=message.created_at)
    do_due_work()

    message.refresh_from_db()
    assert message.status == MessageStatus.CANCELED
    assert twilio_api.messages() == []


@pytest.fixture
def in_doubt(of_the_ai, twilio_api, do_due_work):
    """A text of the AI that Twilio never got, which nobody knows yet."""
    twilio_api.set_faults({"kind": "error", "status": 500, "times": 1}, callbacks="off")
    message = draft(of_the_ai)
    do_due_work()
    message.refresh_from_db()
    assert message.status == MessageStatus.UNKNOWN
    return message


def comes_back(message: Message) -> None:
    """Two clean looks over three minutes: Twilio does not have it."""
    run_again(message, seconds_later=20)
    SendAttempt.objects.filter(message=message).update(first_clean_look_at=timezone.now() - timedelta(seconds=70))
    run_again(message, seconds_later=181)


def test_a_text_of_the_ai_is_not_sent_again_once_a_person_spoke(of_the_ai, in_doubt, twilio_api, do_due_work):
    reply(of_the_ai)
    ownership.release(conversation_id=of_the_ai.pk)
    comes_back(in_doubt)
    do_due_work()

    assert run_again(in_doubt).status == MessageStatus.CANCELED
    assert [text["body"] for text in twilio_api.messages()] == ["On my way."]


def test_a_text_of_the_ai_that_nobody_withdrew_is_sent_again(in_doubt, twilio_api):
    comes_back(in_doubt)

    assert run_again(in_doubt).possible_duplicate
    assert [text["body"] for text in twilio_api.messages()] == ["What is the address?"]


def test_handing_back_has_the_ai_answer_what_perhaps_nobody_did(of_the_ai, in_doubt):
    take(of_the_ai)
    released, _ = ownership.release(conversation_id=of_the_ai.pk)

    assert released.ai_due_at is not None


def test_handing_back_what_the_ai_answered_waits_for_the_customer(of_the_ai, do_due_work, twilio_api):
    draft(of_the_ai)
    do_due_work()
    take(of_the_ai)
    released, _ = ownership.release(conversation_id=of_the_ai.pk)

    assert released.ai_due_at is None


def test_a_text_of_the_ai_leaves_while_the_ai_has_the_conversation(of_the_ai, twilio_api, do_due_work):
    draft(of_the_ai)
    do_due_work()

    assert [text["body"] for text in twilio_api.messages()] == ["What is the address?"]


def test_a_reply_takes_the_conversation_over(of_the_ai, twilio_api, do_due_work):
    draft(of_the_ai)
    reply(of_the_ai)
    do_due_work()

    of_the_ai.refresh_from_db()
    assert of_the_ai.status == Status.USER_HANDLING
    assert [text["body"] for text in twilio_api.messages()] == ["On my way."]
    assert topics()[-2:] == ["conversation.user_taken", "conversation.message_sent"]


def test_the_same_reply_twice_is_one_text(conversation):
    assert reply(conversation) == reply(conversation)
    assert Message.objects.filter(direction="outbound").count() == 1


def test_a_reply_that_may_not_be_sent_changes_nothing(conversation):
    Contact.objects.update(is_landline=True)
    with pytest.raises(TextRefused):
        reply(conversation)

    conversation.refresh_from_db()
    assert conversation.status == Status.ACTIVE
    assert conversation.ai_due_at is not None


def test_handing_back_lets_the_ai_answer_at_once(conversation, twilio, do_due_work):
    take(conversation)
    released, is_news = ownership.release(conversation_id=conversation.pk)

    assert is_news
    assert (released.status, released.ownership) == (Status.AI_HANDLING, Ownership.AI)
    assert released.ai_due_at == released.ai_timer_started_at
    assert topics()[-2:] == ["conversation.released", "conversation.ai_taken"]


def test_handing_back_what_was_answered_waits_for_the_customer(conversation):
    reply(conversation)
    released, _ = ownership.release(conversation_id=conversation.pk)

    assert (released.status, released.ai_due_at) == (Status.AI_HANDLING, None)


def test_handing_back_without_ai_makes_it_nobodys(conversation, acme):
    take(conversation)
    acme.ai_enabled = False
    acme.save()
    released, _ = ownership.release(conversation_id=conversation.pk)

    assert (released.status, released.ownership) == (Status.ACTIVE, Ownership.NONE)


def test_only_what_a_person_has_is_handed_back(of_the_ai):
    _, is_news = ownership.release(conversation_id=of_the_ai.pk)

    assert not is_news


def test_completing_has_an_outcome_and_happens_once(of_the_ai):
    message = draft(of_the_ai)
    done, is_news = ownership.complete(conversation_id=of_the_ai.pk, outcome="resolved", summary="Told the price.")
    _, again = ownership.complete(conversation_id=of_the_ai.pk, outcome="spam")

    assert (is_news, again) == (True, False)
    assert (done.status, done.outcome, done.summary) == (Status.COMPLETED, "resolved", "Told the price.")
    message.refresh_from_db()
    assert message.status == MessageStatus.CANCELED
    assert Fact.objects.get(topic="conversation.completed").data["outcome"] == "resolved"


def test_what_is_completed_cannot_be_taken_over_but_written_to(conversation):
    ownership.complete(conversation_id=conversation.pk, outcome="resolved")
    with pytest.raises(Refusal) as refused:
        take(conversation)
    reply(conversation)

    assert refused.value.code == "conversation_completed"
    conversation.refresh_from_db()
    assert (conversation.status, conversation.outcome) == (Status.USER_HANDLING, "")


def test_a_completed_conversation_stays_so_beside_a_newer_one(conversation, acme):
    ownership.complete(conversation_id=conversation.pk, outcome="resolved")
    threads.open_conversation(acme.numbers.get(), conversation.customer_phone)
    with pytest.raises(Refusal) as refused:
        reply(conversation)

    assert refused.value.code == "newer_conversation"


def test_only_the_ways_of_the_drawing_are_open(conversation):
    ownership.complete(conversation_id=conversation.pk, outcome="resolved")
    conversation.refresh_from_db()
    with pytest.raises(Refusal) as refused:
        ownership.move(conversation, Status.AI_HANDLING, actor=Transition.Actor.AI, reason="no")

    assert refused.value.code == "invalid_transition"


def test_a_customer_of_somebody_who_texts_from_a_phone_is_relayed(conversation, twilio, twilio_api, do_due_work):
    take(conversation, relay_to="+15005550200")
    twilio.text("when will you be here?")
    do_due_work()

    (relayed,) = twilio_api.messages()
    assert relayed["to"] == "+15005550200"
    assert relayed["body"] == f"#{conversation.pk} (415) 555-0123: when will you be here?"
