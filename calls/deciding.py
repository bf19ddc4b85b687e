"""What a call came to: decided once, whichever webhook brings the news. On a locked row, for `calls.services`."""

import logging
from datetime import datetime, timedelta

from calls import events
from calls.models import TERMINAL, Call, CallEvent, is_forward, status_from
from calls.rows import record
from calls.serializers import DialResult
from nevermisscall.lib.clock import lag
from nevermisscall.outbox import facts
from tenants.models import Tenant

# A final status may overtake the dial result of the same moment; the dial result knows more.
DIAL_RESULT_GRACE = timedelta(seconds=3)

Outcome, Reason = Call.Outcome, Call.MissedReason

MISSED_BY_DIAL_STATUS = {
    "no-answer": Reason.NO_ANSWER,
    "busy": Reason.BUSY,
    "failed": Reason.FAILED,
    "canceled": Reason.ABANDONED,  # the caller hung up while it rang
    # What Twilio says when somebody or something picked up: reached only if no person accepted.
    "completed": Reason.NOT_ACCEPTED,
    "answered": Reason.NOT_ACCEPTED,
}

logger = logging.getLogger(__name__)


def advance(call: Call, raw_status: str, now: datetime) -> bool:
    """Move the status forward if that is forward. Returns whether the call ended with this."""
    status = status_from(raw_status)
    if not is_forward(call.status, status):
        return False
    call.status = status
    if status in TERMINAL:
        call.ended_at = now
        return True
    return False


def was_taken(call: Call, result: DialResult) -> bool:
    """Tell whether a person took the call: connected, and accepted as the business screens its calls."""
    if result.dial_call_status not in {"completed", "answered"} or result.dial_bridged is False:
        return False
    if call.screening == Tenant.Screening.PRESS_1:
        return call.accepted_at is not None
    if call.screening == Tenant.Screening.AMD:
        return not is_machine(call)
    return True


def is_machine(call: Call) -> bool:
    """Tell whether Twilio heard a machine answer a call that is screened so."""
    return call.screening == Tenant.Screening.AMD and call.answered_by.startswith(("machine", "fax"))


def is_known_to_have_arrived(call: Call) -> bool:
    """Tell whether the call's own first webhook was here, or it was found; a callback may have overtaken both."""
    return CallEvent.objects.filter(call=call, kind__in=[CallEvent.Kind.INCOMING, CallEvent.Kind.FOUND]).exists()


def miss_by_dial(call: Call, dial_call_status: str, now: datetime) -> None:
    """Nobody took it: that is its outcome if it has none yet, and the better reason if it has."""
    if dial_call_status not in MISSED_BY_DIAL_STATUS:
        logger.warning("unknown DialCallStatus counts as missed", extra={"value": dial_call_status})
    reason = MISSED_BY_DIAL_STATUS.get(dial_call_status, Reason.NO_ANSWER)
    if not call.outcome:
        decide(call, Outcome.MISSED, reason, now)
    else:
        explain(call, reason)


def explain(call: Call, reason: str) -> None:
    """Say better why a call was missed whose end overtook the webhook that knows."""
    if call.outcome == Outcome.MISSED and call.missed_reason == Reason.ABANDONED:
        call.missed_reason = reason
        if reason == Reason.FAILED and call.tenant_id is not None:
            facts.publish(events.CallFailed(call))


def decide_at_end(call: Call, now: datetime) -> None:
    """The call is over without a dial result: a miss if that is certain, else settled in a moment."""
    screened = call.screening == Tenant.Screening.PRESS_1 and call.tenant_id is not None
    if screened and call.accepted_at is None:
        # The press is on record before the legs are connected, so without it nobody talked.
        decide(call, Outcome.MISSED, Reason.ABANDONED, now)
    else:
        # With it, the caller may still have hung up before the connection: the dial result knows.
        call.settle_at, call.fence = now + DIAL_RESULT_GRACE + lag(), None


def decide(call: Call, outcome: str, reason: str, now: datetime) -> None:
    """Give the call its outcome and publish it."""
    call.outcome, call.missed_reason = outcome, reason
    call.settle_at = call.fence = None
    record(call, CallEvent.Kind.DECIDED, now, detail=reason or outcome)
    if outcome == Outcome.ANSWERED:
        call.answered_at = call.answered_at or now
    if outcome == Outcome.MISSED:
        call.ended_at, call.answered_at = call.ended_at or now, None
    if call.tenant_id is None or outcome == Outcome.REFUSED:
        return
    logger.info("call decided", extra={"outcome": outcome, "reason": reason})
    if outcome == Outcome.ANSWERED:
        facts.publish(events.CallAnswered(call))
    elif outcome == Outcome.MISSED:
        facts.publish(events.CallMissed(call))
        if reason == Reason.FAILED:
            logger.error("an owner's number cannot be reached: check where this business forwards its calls")
            facts.publish(events.CallFailed(call))


def publish_completed(call: Call) -> None:
    """Publish that the call is over, if it is anybody's."""
    if call.tenant_id is not None:
        facts.publish(events.CallCompleted(call))
