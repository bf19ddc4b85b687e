"""News that the owner can act upon from their phone."""

from datetime import timedelta

from conversations import alerts, text_back
from conversations.booking.models import Appointment
from conversations.booking.telling import when
from conversations.models import Entry
from nevermisscall.lib.clock import utcnow
from nevermisscall.outbox.queues import Retry
from sms.models import Message
from tenants import texts
from tenants.compliance import Purpose

ANSWERS = frozenset({Purpose.REPLY, Purpose.AI, Purpose.EMERGENCY})


def explain_undelivered(*, message_id: int) -> None:
    """Tell whoever answers the customer, or the owner, that a text in a conversation did not arrive, and why. Once."""
    message = Message.objects.get(pk=message_id)
    entry = (
        Entry.objects.filter(message=message).select_related("conversation__tenant", "conversation__contact").first()
    )
    if message.purpose not in ANSWERS or entry is None:
        return
    conversation = entry.conversation
    alerts.tell(
        conversation,
        template="owner_undelivered",
        key=f"undelivered:{message.pk}",
        values={
            "words": alerts.words_of(message),
            "reason": texts.reason(text_back.why_undelivered(message), conversation.tenant.language),
        },
        to_number=conversation.relay_to,
        in_conversation=bool(conversation.relay_to),
    )


def ask_about_visit(*, appointment_id: int) -> None:
    """Ask the owner by text to confirm or decline a visit that a customer wants, once.

    Raises `Retry` for the time when an owner who asked for quiet can be asked: the visit is kept for longer than that.
    """
    rows = Appointment.objects.select_related("tenant", "conversation__tenant", "conversation__contact")
    visit = rows.get(pk=appointment_id)
    if visit.conversation is None or visit.status != Appointment.Status.REQUESTED:
        return
    tenant = visit.tenant
    quiet = tenant.alerts_quiet_until - utcnow() if tenant.alerts_quiet_until else timedelta(0)
    if quiet > timedelta(0):
        raise Retry("the owner asked for quiet", after=quiet)
    alerts.tell(
        visit.conversation,
        template="owner_visit_requested",
        key=f"appointment:{visit.pk}:requested",
        values={
            "when": when(visit.starts_at, tenant.timezone, tenant.language),
            "words": ", ".join(filter(None, [visit.problem, visit.address])),
        },
    )
