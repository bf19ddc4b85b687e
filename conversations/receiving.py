"""A customer's text: which conversation it belongs to, whether it is an emergency, and who answers when."""

import logging

from django.db import transaction

from conversations import alerts, late_news, ownership, threads, timing
from conversations.ai import courtesies, emergency, language
from conversations.events import EmergencyDetected, MessageReceived
from conversations.models import Conversation, Entry, Transition
from nevermisscall.lib.logs import bind
from nevermisscall.outbox import facts
from sms.models import Message

TakenAs, Urgency = Message.TakenAs, Conversation.Urgency

logger = logging.getLogger(__name__)


@transaction.atomic
def receive_message(*, message_id: int) -> Conversation | None:
    """Put a customer's text into their conversation, opening one if there is none. Repeating it changes nothing.

    STOP, START and HELP open none: they are shown where there is a conversation, and call for no answer; STOP ends it.
    """
    message = Message.objects.select_related("phone_number__tenant").get(pk=message_id)
    bind(message_id=message.pk, tenant_id=message.tenant_id)
    if Entry.objects.filter(message=message).exists():
        return None
    conversation = _conversation_of(message)
    if conversation is None:
        return None
    _, is_new = Entry.objects.get_or_create(
        conversation=conversation, message=message, defaults={"created_at": message.created_at}
    )
    if is_new:
        facts.publish(MessageReceived(conversation, message))
        _react(conversation, message)
    return conversation


@transaction.atomic
def add_found(*, message_id: int) -> None:
    """Add a text that left our number, and nobody here knew of, to the customer's newest conversation."""
    message = Message.objects.select_related("phone_number").get(pk=message_id)
    theirs = Conversation.objects.filter(phone_number=message.phone_number, customer_phone=message.to_number)
    newest = theirs.select_for_update().order_by("-pk").first()
    if newest is not None:
        threads.add_sent(newest, message)


def raise_emergency(conversation: Conversation, *, kind: str, detected_by: str) -> bool:
    """Mark a locked conversation as an emergency and publish it. Returns whether that is news; the caller saves."""
    if conversation.urgency_level == Urgency.EMERGENCY:
        return False
    conversation.urgency_level = Urgency.EMERGENCY
    facts.publish(EmergencyDetected(conversation, kind, detected_by))
    logger.warning("emergency detected", extra={"kind": kind, "detected_by": detected_by})
    return True


def _conversation_of(message: Message) -> Conversation | None:
    number, customer = message.sender, message.from_number
    if message.taken_as != TakenAs.CONVERSATION:
        return threads.lock_open(number, customer).first() or threads.lock_reopening(number, customer)
    ended = threads.lock_reopening(number, customer)
    return ended or threads.open_conversation(number, customer, at=message.created_at)


def _react(conversation: Conversation, message: Message) -> None:
    if message.taken_as in {TakenAs.STOP, TakenAs.REVOKE}:
        if conversation.status == Conversation.Status.COMPLETED or conversation.contact.opted_out_at is None:
            return  # the last: a START that was written later was here first
        if _wrote_since(conversation, message):
            return  # news of this may arrive late, after words that opened it again
        ownership.move(
            conversation,
            Conversation.Status.COMPLETED,
            actor=Transition.Actor.CUSTOMER,
            reason="opted out",
            outcome=Conversation.Outcome.OPTED_OUT,
        )
    elif message.taken_as == TakenAs.CONVERSATION:
        _react_to_words(conversation, message)


def _wrote_since(conversation: Conversation, message: Message) -> bool:
    words = conversation.entries.filter(
        message__direction=Message.Direction.INBOUND, message__taken_as=TakenAs.CONVERSATION
    )
    return words.filter(message__created_at__gt=message.created_at).exists()


def _react_to_words(conversation: Conversation, message: Message) -> None:
    """Set the timer and tell people.

    What was written too long ago waits for a person instead; of what was answered since, nobody need hear.
    """
    too_late = message.is_old
    answered = message.reconciled_at is not None and late_news.was_written_to(
        tenant_id=conversation.tenant_id, customer=conversation.customer_phone, since=message.created_at
    )
    if conversation.status == Conversation.Status.COMPLETED:
        if courtesies.is_courtesy(message.body):
            return  # a "thanks" after the end needs no answer
        ownership.move(
            conversation, Conversation.Status.ACTIVE, actor=Transition.Actor.CUSTOMER, reason="the customer wrote again"
        )
    threads.touch(conversation, message.created_at)
    _note_words(conversation, message)
    assessment = emergency.assess(message.body, trade=conversation.tenant.trade)
    is_emergency = assessment.level == Urgency.EMERGENCY
    alarmed = is_emergency and raise_emergency(conversation, kind=assessment.kind, detected_by="rules")
    if (
        not is_emergency
        and assessment.level == Urgency.URGENT
        and conversation.urgency_level in {Urgency.NORMAL, Urgency.LOW}
    ):
        conversation.urgency_level = Urgency.URGENT
    if not (answered or too_late):
        timing.customer_wrote(conversation, is_emergency=is_emergency)
    conversation.save()
    if answered:
        return
    if not too_late:
        _tell_people(conversation, message)
    elif not alarmed:
        late_news.note_text(message)


def _note_words(conversation: Conversation, message: Message) -> None:
    newest = conversation.last_customer_message
    if newest is None or newest.created_at <= message.created_at:
        conversation.last_customer_message = message
    wanted = language.requested_language(message.body) or language.detect_language(message.body)
    conversation.language = wanted or conversation.language


def _tell_people(conversation: Conversation, message: Message) -> None:
    """Hand the words on to the phone of whoever answers from it; without AI, to the owner."""
    if conversation.relay_to:
        alerts.relay(conversation, message, to_number=conversation.relay_to)
    elif conversation.ownership == Conversation.Ownership.NONE and not timing.ai_may_answer(conversation):
        alerts.relay(conversation, message)
