"""Who has a conversation. One function moves it; whatever a person does stops the AI in the same transaction."""

import logging
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from conversations import threads, timing
from conversations.events import AiTaken, Completed, Released, UserTaken
from conversations.models import Conversation, Transition
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.refusals import Refusal
from nevermisscall.outbox import facts
from sms import services as sms_services
from sms.events import OwnerMessageReceived
from sms.models import Message
from tenants.compliance import Purpose

ACTIVE, AI_HANDLING = Conversation.Status.ACTIVE, Conversation.Status.AI_HANDLING
USER_HANDLING, COMPLETED = Conversation.Status.USER_HANDLING, Conversation.Status.COMPLETED
Actor, Ownership = Transition.Actor, Conversation.Ownership

MAY_FOLLOW = {
    ACTIVE: {AI_HANDLING, USER_HANDLING, COMPLETED},
    AI_HANDLING: {USER_HANDLING, COMPLETED},
    USER_HANDLING: {USER_HANDLING, AI_HANDLING, ACTIVE, COMPLETED},
    COMPLETED: {ACTIVE, USER_HANDLING},
}
AT_ONCE = 20  # texts of an owner that may wait for their effect at the same time; no clock is asked
OWNERSHIP = {ACTIVE: Ownership.NONE, AI_HANDLING: Ownership.AI, USER_HANDLING: Ownership.USER}

logger = logging.getLogger(__name__)


def move(
    conversation: Conversation,
    to: Conversation.Status,
    *,
    actor: Transition.Actor,
    reason: str,
    user: User | None = None,
    outcome: str = "",
) -> None:
    """Move a locked conversation to `to`, write down who did it and why, and publish it. Saves the row.

    Stops the timer and any turn of the AI that is under way; unless it is the AI that moves, its texts that have not
    left are withdrawn. Raises `Refusal` with the code `invalid_transition`.
    """
    before = Conversation.Status(conversation.status)
    if to not in MAY_FOLLOW[before]:
        raise Refusal("invalid_transition", f"a conversation that is {before} cannot become {to}")
    if before == COMPLETED:
        _reopen(conversation)
    conversation.status = to
    conversation.ownership = OWNERSHIP.get(to, conversation.ownership)
    if to == USER_HANDLING:
        conversation.user_takeover_at = utcnow()
        conversation.user_id = user.pk if user else None
    elif to == COMPLETED:
        conversation.completed_at, conversation.outcome = utcnow(), outcome
        if actor == Actor.USER:
            conversation.ownership = Ownership.USER  # a text of the AI that is on its way is not wanted any more
    if to != USER_HANDLING:
        conversation.relay_to = ""
    timing.stop(conversation)
    if actor != Actor.AI:
        withdraw_drafts(conversation)
    conversation.save()
    Transition.objects.create(
        conversation=conversation, from_status=before, to_status=to, actor=actor, user=user, reason=reason[:200]
    )
    _publish(conversation, before, to, actor, reason)
    logger.info("conversation moved", extra={"from_status": before, "to_status": to, "actor": actor})


@transaction.atomic
def take_over(
    *, conversation_id: int, user: User | None, reason: str = "", relay_to: str = ""
) -> tuple[Conversation, bool]:
    """Give the conversation to a person; returns it and whether that is news. From then on the AI is silent.

    `relay_to` is the phone of somebody who answers by text from it; the customer's texts are handed on to it. Taking
    over what one has already changes nothing. Raises `Refusal` for a completed conversation.
    """
    conversation = lock(conversation_id)
    if conversation.status == COMPLETED:
        raise Refusal("conversation_completed", "the conversation is completed: reply to open it again")
    mine = conversation.ownership == Ownership.USER and (
        conversation.user_id == (user.pk if user else None) and conversation.relay_to == relay_to
    )
    if not mine:
        _give_to_person(conversation, user, reason or "takeover", relay_to)
    return conversation, not mine


@transaction.atomic
def reply(
    *,
    conversation_id: int,
    body: str,
    idempotency_key: str,
    user: User | None = None,
    media_urls: list[str] | None = None,
    relay_to: str = "",
) -> Message:
    """Queue a person's text to the customer and give them the conversation if they have not got it.

    A completed conversation is opened again. The same `idempotency_key` returns the text that is there already. Raises
    `TextRefused` if the customer may not be texted, and then nothing has changed.
    """
    conversation = lock(conversation_id)
    number = threads.sender_of(conversation)
    known = Message.objects.filter(tenant_id=conversation.tenant_id, idempotency_key=idempotency_key).first()
    if known is not None:
        return known
    if conversation.status == COMPLETED and threads.lock_open(number, conversation.customer_phone).exists():
        raise Refusal("newer_conversation", "this conversation is completed and the customer has a newer one")
    if conversation.status != USER_HANDLING or (relay_to and relay_to != conversation.relay_to):
        _give_to_person(conversation, user, "replied", relay_to)
    timing.stop(conversation)
    conversation.save()
    message = sms_services.send_message(
        number=number,
        to_number=conversation.customer_phone,
        body=body,
        purpose=Purpose.REPLY,
        idempotency_key=idempotency_key,
        sender_type=Message.SenderType.USER,
        media_urls=media_urls or (),
    )
    threads.add_sent(conversation, message)
    return message


@transaction.atomic
def release(*, conversation_id: int, user: User | None = None, reason: str = "") -> tuple[Conversation, bool]:
    """Hand the conversation back to the AI, which answers at once what is unanswered. Returns it and whether it moved.

    Without AI for this customer it becomes nobody's. A conversation that no person has stays as it is.
    """
    conversation = lock(conversation_id)
    if conversation.ownership != Ownership.USER or conversation.status == COMPLETED:
        return conversation, False
    to = AI_HANDLING if timing.ai_may_answer(conversation) else ACTIVE
    move(conversation, to, actor=Actor.USER, user=user, reason=reason or "handed back")
    timing.resume(conversation)
    conversation.save()
    return conversation, True


@transaction.atomic
def complete(
    *,
    conversation_id: int,
    outcome: str,
    actor: Transition.Actor = Actor.USER,
    user: User | None = None,
    summary: str = "",
    reason: str = "",
) -> tuple[Conversation, bool]:
    """End the conversation with an outcome. Returns it and whether that is news."""
    conversation = lock(conversation_id)
    if conversation.status == COMPLETED:
        return conversation, False
    conversation.summary = summary or conversation.summary
    move(conversation, COMPLETED, actor=actor, user=user, reason=reason or "completed", outcome=outcome)
    return conversation, True


def lock(conversation_id: int) -> Conversation:
    """Return the conversation, locked until the transaction ends."""
    return Conversation.objects.select_for_update().get(pk=conversation_id)


def withdraw_drafts(conversation: Conversation) -> None:
    """Cancel the AI's texts that have not left yet."""
    sms_services.withdraw(Message.objects.filter(entries__conversation=conversation, sender_type=Message.SenderType.AI))


def ai_text_is_wanted(message: Message) -> bool | None:
    """Tell whether a text of the AI that is about to leave is still wanted: no person has taken the conversation.

    The takeover withdraws what is queued; this catches a text that was being tried at that moment and came back. None
    while the owner is writing, perhaps to this very customer.
    """
    taken = Conversation.objects.filter(entries__message=message).exclude(ownership=Ownership.AI)
    if taken.exists():
        return False
    return None if owner_is_writing(message.sender.tenant_id) else True


def owner_is_writing(tenant_id: int) -> bool:
    """Tell whether a text from a phone of the business is kept whose meaning has not taken effect yet.

    Its webhook answers at once, and milliseconds later a subscriber stops the AI, in the conversation that it turns out
    to be about. Until then the AI says nothing: ask this in the transaction that saves its words.
    """
    newest = Message.objects.filter(tenant_id=tenant_id, taken_as=Message.TakenAs.OWNER).order_by("-created_at")
    texts = [OwnerMessageReceived(message).aggregate for message in newest.only("pk")[:AT_ONCE]]
    return bool(texts) and facts.is_pending(OwnerMessageReceived.topic, aggregates=texts)


def _give_to_person(conversation: Conversation, user: User | None, reason: str, relay_to: str) -> None:
    move(conversation, USER_HANDLING, actor=Actor.USER, user=user, reason=reason)
    conversation.relay_to = relay_to
    conversation.save(update_fields=["relay_to"])


def _reopen(conversation: Conversation) -> None:
    conversation.completed_at, conversation.outcome = None, ""
    conversation.urgency_level = Conversation.Urgency.NORMAL


def _publish(
    conversation: Conversation,
    before: Conversation.Status,
    to: Conversation.Status,
    actor: Transition.Actor,
    reason: str,
) -> None:
    news: list[Any] = []
    if before == USER_HANDLING and to in {ACTIVE, AI_HANDLING}:
        news.append(Released(conversation))
    if to == AI_HANDLING:
        news.append(AiTaken(conversation))
    elif to == USER_HANDLING:
        news.append(UserTaken(conversation, reason))
    elif to == COMPLETED:
        news.append(Completed(conversation, actor))
    for fact in news:
        facts.publish(fact)
