"""What happens to a call. Each function is safe to repeat and owns its transaction, with the call's row locked.

The outcome is decided in one place, `_decide`, whichever webhook brings the news.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from calls import events
from calls.answering import Plan
from calls.models import TERMINAL, Call, CallEvent, Status, is_forward, status_from
from calls.serializers import CallWebhook, DialResult, OwnerLeg, Progress, RecordingReport
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.outbox import facts
from nevermisscall.webhooks.parsing import InvalidWebhook
from tenants import routing
from tenants.models import Tenant

# Twilio adds about 5 s to the ring time; the rest is for the whisper, the press and slow callbacks.
SETTLE_MARGIN = timedelta(seconds=90)
# A final status may overtake the dial result of the same moment; the dial result knows more.
DIAL_RESULT_GRACE = timedelta(seconds=3)
TALKING_CHECK = timedelta(minutes=15)

Outcome, Reason, Kind = Call.Outcome, Call.MissedReason, CallEvent.Kind

_MISSED_BY_DIAL_STATUS = {
    "no-answer": Reason.NO_ANSWER,
    "busy": Reason.BUSY,
    "failed": Reason.FAILED,
    "canceled": Reason.ABANDONED,  # the caller hung up while it rang
    # What Twilio says when somebody or something picked up: reached only if no person accepted.
    "completed": Reason.NOT_ACCEPTED,
    "answered": Reason.NOT_ACCEPTED,
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What every webhook about a call tells: enough to open its row if this is the first we hear of it."""

    call_sid: str
    account_sid: str
    from_number: str = ""
    to_number: str = ""


@transaction.atomic(savepoint=False)  # a caller's transaction ends with ours anyway
def start_call(*, webhook: CallWebhook, plan: Plan, receipt_id: int) -> Call:
    """Record a call that arrives. A call we heard of before (its callbacks overtook it) is completed, not restarted."""
    now = utcnow()
    call = _locked(_seen(webhook), now, plan.route)
    if is_forward(call.status, status_from(webhook.call_status)):
        call.status = status_from(webhook.call_status)
    _record(call, Kind.INCOMING, now, detail=plan.answering.name.lower(), receipt_id=receipt_id)
    if call.tenant_id is not None and (call.started_at == now or not _is_known_to_have_arrived(call)):
        facts.publish(events.CallIncoming(call))
    if plan.outcome and not call.outcome:
        _decide(call, plan.outcome, plan.missed_reason, now)
    elif plan.missed_reason:
        _explain(call, plan.missed_reason)
    _save(call)
    return call


@transaction.atomic(savepoint=False)
def finish_dial(*, result: DialResult, receipt_id: int) -> Call:
    """Record how forwarding ended and decide what the call came to.

    Answered means connected *and* accepted: voicemail picks up too, but presses nothing. A miss becomes an answer only
    while no text-back was claimed; an answer never becomes a miss.
    """
    now = utcnow()
    call = _locked(_seen(result), now)
    _record(call, Kind.DIALED, now, result.dial_call_status, leg_sid=result.dial_call_sid, receipt_id=receipt_id)
    call.dial_call_status = result.dial_call_status
    call.dial_call_sid = result.dial_call_sid or call.dial_call_sid
    first_end = _advance(call, result.call_status, now)
    if _was_taken(call, result):
        call.duration = call.duration if result.duration is None else result.duration
        if not call.outcome or (call.outcome == Outcome.MISSED and call.text_back_at is None):
            _decide(call, Outcome.ANSWERED, "", now)
    else:
        _miss_by_dial(call, result.dial_call_status, now)
    if first_end:
        _publish_completed(call)
    _save(call)
    return call


@transaction.atomic(savepoint=False)
def end_call(*, webhook: CallWebhook | Progress, receipt_id: int) -> Call:
    """Record that the caller's call is over: the number's status callback, or its last progress report."""
    now = utcnow()
    call = _locked(_seen(webhook), now)
    _record(call, Kind.ENDED, now, webhook.call_status, receipt_id=receipt_id)
    first_end = _advance(call, webhook.call_status, now)
    call.duration = webhook.duration if call.duration is None else call.duration
    if not call.outcome:
        _decide_at_end(call, now)
    if first_end:
        _publish_completed(call)
    _save(call)
    return call


@transaction.atomic(savepoint=False)
def record_progress(*, report: Progress, receipt_id: int) -> Call:
    """Record a status callback of the owner's leg, or one of the call itself that does not end it."""
    now = utcnow()
    if not report.parent_call_sid:
        call = _locked(_seen(report), now)
        _advance(call, report.call_status, now)
    else:
        call = _locked(Seen(report.parent_call_sid, report.account_sid), now)
        if report.call_status == Status.IN_PROGRESS and call.screening == Tenant.Screening.OFF:
            call.answered_at = call.answered_at or now
    if report.answered_by:
        call.answered_by = report.answered_by
    kind = Kind.MACHINE if report.answered_by else Kind.LEG
    _record(call, kind, now, report.answered_by or report.call_status, leg_sid=report.call_sid, receipt_id=receipt_id)
    _save(call)
    return call


@transaction.atomic(savepoint=False)
def screen_call(*, leg: OwnerLeg, receipt_id: int) -> Call:
    """Record that an owner's phone was picked up and hears the whisper."""
    now = utcnow()
    call = _locked(Seen(leg.call_sid, leg.account_sid), now)
    _record(call, Kind.SCREENED, now, leg_sid=leg.leg_sid, receipt_id=receipt_id)
    _save(call)
    return call


@transaction.atomic(savepoint=False)
def accept_call(*, leg: OwnerLeg, receipt_id: int) -> bool:
    """Record what the owner pressed. Returns whether this leg is to be connected to the caller.

    Only a 1 accepts, since tones in a voicemail greeting may be read as digits; and only the first of several phones.
    """
    now = utcnow()
    call = _locked(Seen(leg.call_sid, leg.account_sid), now)
    free = not call.outcome and (call.accepted_at is None or call.dial_call_sid == leg.leg_sid)
    accepted = leg.digits == "1" and free
    if accepted:
        call.accepted_at = call.answered_at = call.accepted_at or now
        call.dial_call_sid = leg.leg_sid
        call.settle_at, call.fence = now + TALKING_CHECK, None
    kind = Kind.ACCEPTED if accepted else Kind.NOT_ACCEPTED
    _record(call, kind, now, detail=leg.digits[:20], leg_sid=leg.leg_sid, receipt_id=receipt_id)
    _save(call)
    return accepted


@transaction.atomic(savepoint=False)
def record_recording(*, report: RecordingReport, receipt_id: int) -> None:
    """Keep the news of a recording in the call's history."""
    now = utcnow()
    call = _locked(Seen(report.call_sid, report.account_sid), now)
    detail = f"{report.recording_sid} {report.recording_status}".strip()
    _record(call, Kind.RECORDING, now, detail, receipt_id=receipt_id)
    _save(call)


@transaction.atomic(savepoint=False)
def settle(*, call_id: int, seen: Seen, status: str, somebody_talked: bool, ended_at: datetime | None) -> Call:
    """Decide a call whose callbacks never came, from what Twilio's own record says.

    `ended_at` is when Twilio says it ended, perhaps hours ago: a text-back then comes too late and is not sent.
    """
    now = utcnow()
    call = Call.objects.select_for_update().get(pk=call_id)
    call.remember()
    _adopt(call, seen, routing.table.route(seen.to_number))
    first_end = _advance(call, status, now)
    call.ended_at = ended_at or call.ended_at
    call.dead_at = None
    _record(call, Kind.SETTLED, now, status)
    if not call.outcome:
        screened = call.screening == Tenant.Screening.PRESS_1
        taken = call.accepted_at is not None if screened else somebody_talked and not _is_machine(call)
        _decide(call, Outcome.ANSWERED if taken else Outcome.MISSED, "" if taken else Reason.ABANDONED, now)
    if first_end:
        _publish_completed(call)
    _save(call)
    return call


def claim_text_back(*, call_id: int) -> bool:
    """Reserve the one text-back of a missed call. True for the first caller only; after it the miss is final."""
    missed = Call.objects.filter(pk=call_id, outcome=Outcome.MISSED, text_back_at__isnull=True)
    return missed.update(text_back_at=utcnow()) == 1


def is_ringing(webhook: CallWebhook) -> bool:
    """Tell whether a call that the owner's phone passed back to us is one that we are forwarding right now.

    It shows the caller's number again; or that of the phone itself; or ours, if the caller withheld theirs.
    """
    recently = utcnow() - timedelta(minutes=5)
    ringing = Call.objects.filter(to_number=webhook.to_number, outcome="", started_at__gt=recently)
    if webhook.from_number not in {webhook.to_number, webhook.forwarded_from}:
        ringing = ringing.filter(from_number=webhook.from_number)
    return ringing.exclude(call_sid=webhook.call_sid).exists()


# -- inside a transaction, with the row locked ------------------------------------------------------------------------


def _locked(seen: Seen, now: datetime, route: routing.Route | None = None) -> Call:
    call = _lock(seen.call_sid)
    if call is None:
        created, is_new = Call.objects.get_or_create(
            call_sid=seen.call_sid,
            defaults={
                "account_sid": seen.account_sid,
                "from_number": seen.from_number,
                "to_number": seen.to_number,
                "started_at": now,
                "settle_at": now + SETTLE_MARGIN,
            },
        )
        call = created if is_new else Call.objects.select_for_update().get(pk=created.pk)
    if seen.account_sid != call.account_sid:
        # Another account's signature proves nothing about this call, whoever told it the SID.
        raise InvalidWebhook({"AccountSid": "is not the account of this call"})
    call.remember()
    if call.tenant_id is None:
        _adopt(call, seen, route or routing.table.route(seen.to_number))
    bind(call_sid=call.call_sid, tenant_id=call.tenant_id)
    return call


def _lock(call_sid: str) -> Call | None:
    # The ORM takes 0.3 ms to put this sentence together, several times what PostgreSQL needs to answer it.
    rows = Call.objects.raw("SELECT * FROM calls_call WHERE call_sid = %s FOR UPDATE", [call_sid])
    return next(iter(rows), None)


def _adopt(call: Call, seen: Seen, route: routing.Route | None) -> None:
    """Fill in who called whom, and which business that is, as soon as some webhook says so."""
    call.from_number = call.from_number or seen.from_number
    call.to_number = call.to_number or seen.to_number
    if route is not None and call.tenant_id is None and route.account.account_sid == call.account_sid:
        call.tenant_id, call.phone_number_id = route.tenant_id, route.number_id
        call.screening = route.answer_screening
        if call.settle_at is not None:
            call.settle_at = call.started_at + SETTLE_MARGIN + timedelta(seconds=route.ring_timeout_seconds)


def _advance(call: Call, raw_status: str, now: datetime) -> bool:
    """Move the status forward if that is forward. Returns whether the call ended with this."""
    status = status_from(raw_status)
    if not is_forward(call.status, status):
        return False
    call.status = status
    if status in TERMINAL:
        call.ended_at = now
        return True
    return False


def _was_taken(call: Call, result: DialResult) -> bool:
    if result.dial_call_status not in {"completed", "answered"} or result.dial_bridged is False:
        return False
    if call.screening == Tenant.Screening.PRESS_1:
        return call.accepted_at is not None
    if call.screening == Tenant.Screening.AMD:
        return not _is_machine(call)
    return True


def _is_machine(call: Call) -> bool:
    return call.screening == Tenant.Screening.AMD and call.answered_by.startswith(("machine", "fax"))


def _is_known_to_have_arrived(call: Call) -> bool:
    return CallEvent.objects.filter(call=call, kind=Kind.INCOMING).exists()


def _miss_by_dial(call: Call, dial_call_status: str, now: datetime) -> None:
    if dial_call_status not in _MISSED_BY_DIAL_STATUS:
        logger.warning("unknown DialCallStatus counts as missed", extra={"value": dial_call_status})
    reason = _MISSED_BY_DIAL_STATUS.get(dial_call_status, Reason.NO_ANSWER)
    if not call.outcome:
        _decide(call, Outcome.MISSED, reason, now)
    else:
        _explain(call, reason)


def _explain(call: Call, reason: str) -> None:
    """Say better why a call was missed whose end overtook the webhook that knows."""
    if call.outcome == Outcome.MISSED and call.missed_reason == Reason.ABANDONED:
        call.missed_reason = reason
        if reason == Reason.FAILED and call.tenant_id is not None:
            facts.publish(events.CallFailed(call))


def _decide_at_end(call: Call, now: datetime) -> None:
    screened = call.screening == Tenant.Screening.PRESS_1 and call.tenant_id is not None
    if screened and call.accepted_at is None:
        # The press is on record before the legs are connected, so without it nobody talked.
        _decide(call, Outcome.MISSED, Reason.ABANDONED, now)
    else:
        # With it, the caller may still have hung up before the connection: the dial result knows.
        call.settle_at, call.fence = now + DIAL_RESULT_GRACE, None


def _decide(call: Call, outcome: str, reason: str, now: datetime) -> None:
    call.outcome, call.missed_reason = outcome, reason
    call.settle_at = call.fence = None
    _record(call, Kind.DECIDED, now, detail=reason or outcome)
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


def _publish_completed(call: Call) -> None:
    if call.tenant_id is not None:
        facts.publish(events.CallCompleted(call))


def _record(
    call: Call, kind: str, now: datetime, detail: str = "", *, leg_sid: str = "", receipt_id: int | None = None
) -> None:
    call.unsaved_events.append((str(kind), detail[:120], leg_sid, receipt_id, now))


def _save(call: Call) -> None:
    changed = call.changed_fields()
    if changed:
        call.save(update_fields=changed)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO calls_callevent (call_id, kind, detail, leg_sid, receipt_id, occurred_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [(call.pk, *event) for event in call.unsaved_events],
        )
    call.unsaved_events.clear()


def _seen(webhook: CallWebhook | DialResult | Progress) -> Seen:
    return Seen(webhook.call_sid, webhook.account_sid, webhook.from_number, webhook.to_number)
