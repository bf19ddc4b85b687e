"""How a message moves forward, and what follows when it cannot reach its person."""

import logging

from nevermisscall.lib.clock import utcnow
from nevermisscall.outbox import facts
from nevermisscall.twilio.errors import ERROR_CODES, Kind
from sms.events import MessageDeliveryFailed
from sms.models import RANK, Message, Status
from tenants import consenting
from tenants import services as tenant_services
from tenants.compliance import Rule
from tenants.models import Consent

logger = logging.getLogger(__name__)


def advance(message: Message, status: Status, *, error_code: int | None = None) -> bool:
    """Move a locked message to `status` if that is forward; save it either way. Returns whether it moved."""
    moved = RANK[status] > RANK[Status(message.status)]
    if moved:
        now = utcnow()
        message.status, message.error_code = status, error_code
        if RANK[status] >= RANK[Status.SENT_TO_PROVIDER] and message.message_sid:
            message.sent_at = message.sent_at or now
        if status == Status.DELIVERED:
            message.delivered_at = now
        # Nothing is left for the sender, and one that is at work must not undo this.
        message.next_attempt_at = message.lease_until = message.fence = None
    message.save()
    if moved and (status in {Status.UNDELIVERED, Status.FAILED, Status.EXPIRED} or _refused_at_last(message)):
        _fail(message)
    return moved


def _refused_at_last(message: Message) -> bool:
    """Tell whether the gate let the text pass at first and refused it when it was to leave."""
    return message.status == Status.CANCELED and message.verdict.get("rule") not in {Rule.ALLOWED, Rule.HELD}


def _fail(message: Message) -> None:
    known = ERROR_CODES.get(message.error_code or 0)
    logger.warning(
        "text was not delivered",
        extra={"status": message.status, "code": message.error_code, "meaning": known.meaning if known else ""},
    )
    if known and known.kind == Kind.OPTED_OUT:
        consenting.opt_out(
            tenant_id=message.sender.tenant_id,
            number=message.to_number,
            source=Consent.Source.CARRIER,
            evidence=message.message_sid or "",
        )
    elif known and known.kind == Kind.LANDLINE:
        tenant_services.mark_landline(tenant_id=message.sender.tenant_id, number=message.to_number)
    facts.publish(MessageDeliveryFailed(message))
