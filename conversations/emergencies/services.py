"""Climb the ladder until somebody acknowledges."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from calls.alerts import services as alert_calls
from calls.alerts.models import AlertCall
from conversations import alerts, ownership, threads
from conversations.emergencies import ladder
from conversations.emergencies.events import EmergencyAcknowledged, EmergencyUnanswered
from conversations.emergencies.models import Escalation, Step
from conversations.models import Conversation, Transition
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.outbox import doorbell, facts
from nevermisscall.outbox.queues import Lane, Queue
from sms import services as sms_services
from sms.models import Message
from sms.services import TextRefused
from tenants import texts
from tenants.compliance import Purpose
from tenants.models import OwnerNumber

WORDS_SPOKEN = 250  # of the customer's text, on the phone

How = Escalation.How
KNOWING = {Conversation.Status.USER_HANDLING: How.TAKEOVER, Conversation.Status.COMPLETED: How.DONE}

logger = logging.getLogger(__name__)


@transaction.atomic
def open_escalation(*, conversation_id: int, kind: str, detected_by: str, detected_at: datetime) -> Escalation:
    """Begin to reach people about an emergency, at once. A conversation has one open escalation at a time.

    A person who took the conversation over, or ended it, since it was detected knows already.
    """
    conversation = ownership.lock(conversation_id)
    running = Escalation.objects.filter(
        conversation_id=conversation_id, acknowledged_at__isnull=True, given_up_at__isnull=True
    ).first()
    if running is not None:
        return running
    escalation = Escalation.objects.create(
        conversation=conversation,
        kind=kind,
        detected_by=detected_by,
        opened_at=detected_at,
        escalate_at=DatabaseClock(),
    )
    how = _known_since(conversation, detected_at)
    if how is not None:
        acknowledge(conversation_id=conversation_id, how=how, user_id=conversation.user_id)
    else:
        doorbell.ring_after_commit(QUEUE, escalation.pk)
    return escalation


@transaction.atomic
def climb(escalation: Escalation) -> timedelta | None:
    """Tell the next person, by text and by call. Returns when the one after that is due; None at the end."""
    row = _lock(escalation.pk)
    if row.fence != escalation.fence or row.acknowledged_at or row.given_up_at:
        return None
    bind(conversation_id=row.conversation_id, tenant_id=row.conversation.tenant_id, escalation_id=row.pk)
    people = list(OwnerNumber.objects.filter(tenant_id=row.conversation.tenant_id, is_active=True))
    if row.rung >= ladder.rungs(len(people)):
        _give_up(row)
        return None
    _tell(row, people[ladder.person_of(row.rung, len(people))].number)
    if ladder.ends_first_round(row.rung, len(people)):
        _tell_customer(row.conversation, "emergency_nobody_yet")
    wait = ladder.wait_after(row.rung, len(people))
    row.rung += 1
    row.save(update_fields=["rung"])
    return wait


@transaction.atomic
def hurry(*, alert_call_id: int) -> None:
    """The person of the newest rung did not take the call: the next one need not wait, unless a round has ended."""
    step = Step.objects.filter(alert_call_id=alert_call_id).first()
    if step is None:
        return
    row = _lock(step.escalation_id)
    people = OwnerNumber.objects.filter(tenant_id=row.conversation.tenant_id, is_active=True).count()
    newest = step.rung == row.rung - 1
    if newest and row.escalate_at is not None and ladder.wait_after(step.rung, people) == ladder.BETWEEN_PEOPLE:
        Escalation.objects.filter(pk=row.pk).update(escalate_at=DatabaseClock(), fence=None, lease_until=None)
        doorbell.ring_after_commit(QUEUE, row.pk)


@transaction.atomic
def accept(*, alert_call_id: int) -> None:
    """Somebody pressed 1: they have the conversation, and the customer's texts go to their phone."""
    step = Step.objects.filter(alert_call_id=alert_call_id).select_related("escalation").first()
    if step is None:
        return
    conversation_id = step.escalation.conversation_id
    acknowledge(conversation_id=conversation_id, how=How.CALL, phone=step.to_number)
    if Conversation.objects.open().filter(pk=conversation_id).exists():
        ownership.take_over(
            conversation_id=conversation_id, user=None, reason="accepted the emergency call", relay_to=step.to_number
        )


@transaction.atomic
def acknowledge(
    *, conversation_id: int, how: str, user_id: int | None = None, phone: str = "", since: datetime | None = None
) -> bool:
    """Record that a person knows, and stop reaching for others. Returns whether that is news.

    `since` is when they did what shows it: an emergency that began later is none they have seen.
    """
    row = (
        Escalation.objects.select_for_update(of=["self"])
        .select_related("conversation")
        .filter(conversation_id=conversation_id, acknowledged_at__isnull=True, given_up_at__isnull=True)
        .first()
    )
    if row is None or (since is not None and since < row.opened_at):
        return False
    row.acknowledged_at, row.acknowledged_how = utcnow(), how
    row.acknowledged_by_id, row.acknowledged_from = user_id, phone
    row.escalate_at = row.fence = row.lease_until = row.dead_at = None
    row.save()
    for alert_call in AlertCall.objects.filter(pk__in=row.steps.values("alert_call")):
        alert_calls.cancel(alert_call_id=alert_call.pk)
    facts.publish(EmergencyAcknowledged(row))
    logger.info("emergency acknowledged", extra={"how": how, "rung": row.rung})
    return True


def _known_since(conversation: Conversation, detected_at: datetime) -> Escalation.How | None:
    by_a_person = conversation.transitions.filter(actor=Transition.Actor.USER, at__gt=detected_at)
    newest = by_a_person.filter(to_status__in=KNOWING).last()
    return KNOWING[Conversation.Status(newest.to_status)] if newest else None


def _lock(pk: int) -> Escalation:
    rows = Escalation.objects.select_for_update(of=["self"])
    return rows.select_related("conversation__tenant", "conversation__last_customer_message").get(pk=pk)


def _tell(row: Escalation, phone: str) -> None:
    conversation = row.conversation
    asked = conversation.last_customer_message
    words = alerts.words_of(asked) if asked else ""
    key = f"emergency:{row.pk}:{row.rung}"
    message = alerts.tell(
        conversation,
        template="owner_emergency",
        key=key,
        values={"words": words},
        to_number=phone,
        is_emergency=True,
    )
    Step.objects.create(
        escalation=row, rung=row.rung, to_number=phone, message=message, alert_call=_call(row, phone, words, key)
    )
    logger.warning("emergency: a person is being told", extra={"rung": row.rung})


def _call(row: Escalation, phone: str, words: str, key: str) -> AlertCall:
    tenant = row.conversation.tenant
    spoken = texts.render(
        tenant_id=tenant.pk,
        key="owner_emergency_call",
        language=tenant.language,
        values={"business": tenant.name, "words": words[:WORDS_SPOKEN]},
    )
    return alert_calls.place(
        number=threads.sender_of(row.conversation),
        to_number=phone,
        words=spoken[: alert_calls.MAX_WORDS],
        connect_to=row.conversation.customer_phone,
        language=tenant.language,
        idempotency_key=key,
    )


def _tell_customer(conversation: Conversation, template: str) -> None:
    """Say honestly that nobody was reached so far, unless a person writes with them or they wrote long ago."""
    newest = conversation.last_customer_message
    if conversation.ownership == Conversation.Ownership.USER or (newest is not None and newest.came_too_late):
        return
    tenant = conversation.tenant
    body = texts.render(
        tenant_id=tenant.pk,
        key=template,
        language=conversation.language or tenant.language,
        values={"business": tenant.name},
    )
    try:
        message = sms_services.send_message(
            number=threads.sender_of(conversation),
            to_number=conversation.customer_phone,
            body=body,
            purpose=Purpose.EMERGENCY,
            idempotency_key=f"{template}:{conversation.pk}",
            sender_type=Message.SenderType.SYSTEM,
        )
    except TextRefused as refusal:
        logger.warning("the customer cannot be told", extra={"rule": refusal.verdict.rule})
        return
    threads.add_sent(conversation, message)


def _give_up(row: Escalation) -> None:
    row.given_up_at = utcnow()
    row.escalate_at = row.fence = row.lease_until = None
    row.save()
    facts.publish(EmergencyUnanswered(row))
    logger.error("nobody acknowledged an emergency: call the business and the customer yourself")


QUEUE = Queue(
    name="conversations.emergencies",
    model=Escalation,
    due="escalate_at",
    lane=Lane.URGENT,
    handle=climb,
)
