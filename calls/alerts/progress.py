"""How an alert call moves forward, and what is published when it comes to its end. On a locked row."""

import logging
from datetime import timedelta

from calls.alerts.events import AlertCallAccepted, AlertCallUnanswered
from calls.alerts.models import RANK, AlertCall, Status
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.outbox import facts

RING_SECONDS = 30
# When Twilio is asked what became of a call whose webhooks do not come. It adds about 5 s to the ringing.
SETTLE_RINGING = timedelta(seconds=RING_SECONDS + 45)
SETTLE_ANSWERED = timedelta(minutes=3)  # the longest words twice, and time to press

Reason = AlertCall.Reason

# Twilio's final status → why nobody pressed 1.
_REASONS = {
    "busy": Reason.BUSY,
    "no-answer": Reason.NO_ANSWER,
    "canceled": Reason.NO_ANSWER,
    "completed": Reason.NOT_CONFIRMED,
}

logger = logging.getLogger(__name__)


def advance(alert: AlertCall, status: Status, *, reason: str = "", error_code: int | None = None) -> bool:
    """Move a locked row to `status` if that is forward, and publish its end. Returns whether it moved."""
    if RANK[status] <= RANK[Status(alert.status)]:
        return False
    now = utcnow()
    alert.status, alert.reason, alert.error_code = status, reason, error_code
    alert.call_at = None
    if status == Status.RINGING:
        # One that was canceled while it was being placed is hung up at once.
        alert.call_at = DatabaseClock() + (timedelta() if alert.canceled_at else SETTLE_RINGING)
    elif status == Status.ANSWERED:
        alert.call_at = DatabaseClock() + SETTLE_ANSWERED
        alert.answered_at = now
    elif status == Status.ACCEPTED:
        alert.accepted_at, alert.answered_at = now, alert.answered_at or now
    # A sender that is at work must not undo this.
    alert.lease_until = alert.fence = None
    alert.save()
    _publish(alert)
    return True


def bind_sid(alert: AlertCall, call_sid: str) -> None:
    """Record that Twilio has the call. Whoever learns the SID is right, lease or not."""
    if alert.call_sid not in {None, call_sid}:
        logger.error("Twilio has this alert call twice", extra={"other_sid": call_sid})
        return
    if alert.call_sid is None:
        alert.call_sid = call_sid
        if not advance(alert, Status.RINGING):
            alert.save(update_fields=["call_sid"])


def end(alert: AlertCall, call_status: str) -> None:
    """Record Twilio's final status: what the call came to, if nobody pressed 1."""
    if alert.ended_at is None:
        alert.ended_at = utcnow()
        alert.save(update_fields=["ended_at"])
    if alert.canceled_at is not None:
        advance(alert, Status.CANCELED)
    elif call_status == "failed":
        advance(alert, Status.FAILED, reason=Reason.UNREACHABLE)
    else:
        advance(alert, Status.UNANSWERED, reason=_REASONS.get(call_status, Reason.NO_ANSWER))


def give_up(alert: AlertCall, *, error_code: int | None = None) -> None:
    """It cannot be placed, or nobody can find out what became of it: whoever waits for it is told, not left waiting."""
    if RANK[Status(alert.status)] >= RANK[Status.RINGING]:
        end(alert, "")
    elif alert.canceled_at is not None:
        advance(alert, Status.CANCELED)
    else:
        advance(alert, Status.FAILED, reason=Reason.NOT_PLACED, error_code=error_code)


def _publish(alert: AlertCall) -> None:
    if alert.status == Status.ACCEPTED:
        facts.publish(AlertCallAccepted(alert))
    elif alert.status in {Status.UNANSWERED, Status.FAILED}:
        logger.warning("alert call was not accepted", extra={"status": alert.status, "reason": alert.reason})
        facts.publish(AlertCallUnanswered(alert))
