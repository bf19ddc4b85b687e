"""The one transaction in which an answer of the AI becomes a text, if everything is still as the AI saw it."""

import logging
from datetime import timedelta

from django.db import transaction

from conversations import alerts, late_news, ownership, receiving, threads, timing
from conversations.ai.protocol import URGENCY_LEVELS, Answer, Slot
from conversations.booking import services as booking
from conversations.booking.models import Appointment
from conversations.dispatching import context, safety
from conversations.models import Conversation, Transition
from nevermisscall.lib.refusals import Refusal
from sms import services as sms_services
from sms.models import Message
from sms.services import TextRefused
from tenants.compliance import Purpose

AGAIN_AT_ONCE = timedelta(0)
OWNER_WRITES = timedelta(milliseconds=500)

Status, Ownership, Urgency = Conversation.Status, Conversation.Ownership, Conversation.Urgency
AI = Transition.Actor.AI

logger = logging.getLogger(__name__)


def save(seen: Conversation, answer: Answer, *, dispatcher: str) -> timedelta | None:
    """Save an answer to the conversation as it was `seen`. Returns when to look again, or None.

    Nothing is saved if a person or the customer was faster; while the owner writes from their phone, it has to wait
    what they say. If the chosen slot went meanwhile, the answer is no longer true: the dispatcher is asked again.
    """
    try:
        with transaction.atomic():
            row = _still_as(seen)
            if row is None:
                logger.info("an answer of the AI was dropped: somebody was faster")
                return None
            if ownership.owner_is_writing(row.tenant_id):
                return OWNER_WRITES
            _apply(row, seen, answer, dispatcher)
    except booking.SlotTaken:
        return AGAIN_AT_ONCE
    except TextRefused as refusal:
        _give_up_answering(seen, refusal)
    return None


@transaction.atomic
def answer_without_ai(seen: Conversation) -> None:
    """The AI may not answer here. In an emergency the customer gets the approved safety words all the same."""
    row = _still_as(seen)
    if row is None:
        return
    if row.urgency_level == Urgency.EMERGENCY:
        request = context.describe(row)
        words = safety.safety_words(request)
        if not any(words in line.body for line in request.messages):
            _send(row, seen, words, purpose=Purpose.EMERGENCY, sender_type=Message.SenderType.SYSTEM)
    timing.stop(row)
    row.save()


@transaction.atomic
def leave_answered(seen: Conversation) -> bool:
    """End the turn if its words were answered in a text that only Twilio's list told of. Returns whether they were.

    After a restore a turn is due that was taken before the database was lost; its answer was found at Twilio.
    """
    asked = seen.last_customer_message
    found = Message.objects.filter(
        tenant_id=seen.tenant_id, direction=Message.Direction.OUTBOUND, purpose=Purpose.FOUND
    )
    if asked is None or not found.filter(to_number=seen.customer_phone, created_at__gte=asked.created_at).exists():
        return False
    row = _still_as(seen)
    if row is not None:
        timing.stop(row)
        row.save()
    return True


@transaction.atomic
def leave_to_owner(seen: Conversation) -> None:
    """End a turn that comes much too late: the owner hears of the words with all else that is late."""
    row = _still_as(seen)
    if row is None:
        return
    timing.stop(row)
    row.save()
    if row.last_customer_message is not None:
        late_news.note_text(row.last_customer_message)
    logger.warning("a turn of the AI was left to the owner: it came too late")


def hand_to_owner(conversation: Conversation) -> None:
    """The AI could not answer whatever was tried: the owner is told."""
    row = Conversation.objects.select_related("tenant", "contact", "last_customer_message").get(pk=conversation.pk)
    _ask_owner(row)


def _still_as(seen: Conversation) -> Conversation | None:
    """Return the row, locked, if nobody did anything since the turn began."""
    rows = Conversation.objects.select_for_update(of=["self"]).select_related(
        "tenant", "contact", "last_customer_message"
    )
    return rows.filter(
        pk=seen.pk,
        fence=seen.fence,
        ownership=seen.ownership,
        last_customer_message_id=seen.last_customer_message_id,
    ).first()


def _apply(row: Conversation, seen: Conversation, answer: Answer, dispatcher: str) -> None:
    taken_over = row.ownership != Ownership.AI
    if taken_over:
        reason = "the person who has it is silent" if row.ownership == Ownership.USER else "nobody had answered"
        ownership.move(row, Status.AI_HANDLING, actor=AI, reason=reason)
    _note(row, answer, dispatcher)
    if answer.appointment is not None:
        _book(row, answer, answer.appointment, key=f"ai:{row.pk}:{seen.fence}")
    if answer.message_to_customer:
        purpose = Purpose.EMERGENCY if row.urgency_level == Urgency.EMERGENCY else Purpose.AI
        _send(row, seen, answer.message_to_customer, purpose=purpose, sender_type=Message.SenderType.AI)
    timing.stop(row)
    row.save()
    _tell_owner(row, answer, taken_over=taken_over)
    if answer.conversation_complete:
        ownership.move(row, Status.COMPLETED, actor=AI, reason="nothing left to do", outcome=answer.outcome or "other")


def _book(row: Conversation, answer: Answer, slot: Slot, *, key: str) -> None:
    """Ask for the chosen time. It replaces the visit that the customer has open, if that is at another time."""
    open_visit = context.open_visit(row.contact)
    if open_visit is not None and open_visit.starts_at == slot.start:
        return
    if open_visit is not None:  # first: the new time may overlap it
        booking.cancel(appointment=open_visit, how=Appointment.How.CUSTOMER, reason="another time was chosen")
    booking.request(
        conversation=row,
        start=slot.start,
        job_type=answer.job_type,
        problem=answer.job.get("problem", "") or answer.summary,
        address=answer.job.get("address", ""),
        key=key,
    )


def _note(row: Conversation, answer: Answer, dispatcher: str) -> None:
    if answer.emergency_detected or answer.urgency_level == Urgency.EMERGENCY:
        receiving.raise_emergency(row, kind="other", detected_by=dispatcher)
    # Raised, never lowered, by the AI.
    levels = [row.urgency_level, answer.urgency_level]
    if row.urgency_level != Urgency.NORMAL or answer.urgency_level != Urgency.LOW:
        row.urgency_level = min(levels, key=URGENCY_LEVELS.index)
    row.job_type = answer.job_type[:60] or row.job_type
    row.job = {**row.job, **answer.job}
    row.summary = answer.summary or row.summary
    row.language = answer.language or row.language


def _send(row: Conversation, seen: Conversation, text: str, *, purpose: Purpose, sender_type: str) -> None:
    message = sms_services.send_message(
        number=threads.sender_of(row),
        to_number=row.customer_phone,
        body=text,
        purpose=purpose,
        # One for each claim of the row, and a claim saves once.
        idempotency_key=f"ai:{row.pk}:{seen.fence}",
        sender_type=sender_type,
    )
    threads.add_sent(row, message)


def _tell_owner(row: Conversation, answer: Answer, *, taken_over: bool) -> None:
    if row.urgency_level == Urgency.EMERGENCY:
        return  # it has its own alerts
    if answer.needs_human:
        _ask_owner(row)
    elif taken_over and answer.message_to_customer:
        alerts.tell(row, template="owner_ai_took", key=f"ai-took:{_newest(row)}", values={"words": _words(row)})


def _ask_owner(row: Conversation) -> None:
    alerts.tell(row, template="owner_ai_unsure", key=f"ai-unsure:{_newest(row)}", values={"words": _words(row)})


def _give_up_answering(seen: Conversation, refusal: Refusal) -> None:
    """The customer may not be texted (any more): nobody waits for the AI, and the owner learns what was written."""
    logger.warning("the AI's answer may not be sent", extra={"rule": refusal.code})
    with transaction.atomic():
        row = _still_as(seen)
        if row is None:
            return
        timing.stop(row)
        row.save()
        _ask_owner(row)


def _newest(row: Conversation) -> str:
    return f"{row.pk}:{row.last_customer_message_id}"


def _words(row: Conversation) -> str:
    return alerts.words_of(row.last_customer_message) if row.last_customer_message else ""
