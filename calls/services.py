"""What happens to a call. Each function is safe to repeat and owns its transaction, with the call's row locked.

The outcome is decided in one place, `calls.deciding`, whichever webhook brings the news.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from calls import deciding, events, rows
from calls.answering import Plan
from calls.models import Call, CallEvent, Status, is_forward, status_from
from calls.serializers import CallWebhook, DialResult, OwnerLeg, Progress, RecordingReport
from nevermisscall.lib.clock import lag, utcnow
from nevermisscall.outbox import facts
from tenants import routing
from tenants.models import Tenant

TALKING_CHECK = timedelta(minutes=15)

Outcome, Reason, Kind = Call.Outcome, Call.MissedReason, CallEvent.Kind


@transaction.atomic(savepoint=False)  # a caller's transaction ends with ours anyway
def start_call(*, webhook: CallWebhook, plan: Plan, receipt_id: int) -> Call:
    """Record a call that arrives. A call we heard of before (its callbacks overtook it) is completed, not restarted."""
    now = utcnow()
    call = rows.locked(rows.seen_in(webhook), now, plan.route)
    if is_forward(call.status, status_from(webhook.call_status)):
        call.status = status_from(webhook.call_status)
    rows.record(call, Kind.INCOMING, now, detail=plan.answering.name.lower(), receipt_id=receipt_id)
    if call.tenant_id is not None and (call.started_at == now or not deciding.is_known_to_have_arrived(call)):
        facts.publish(events.CallIncoming(call))
    if plan.outcome and not call.outcome:
        deciding.decide(call, plan.outcome, plan.missed_reason, now)
    elif plan.missed_reason:
        deciding.explain(call, plan.missed_reason)
    rows.save(call)
    return call


@transaction.atomic(savepoint=False)
def finish_dial(*, result: DialResult, receipt_id: int) -> Call:
    """Record how forwarding ended and decide what the call came to.

    Answered means connected *and* accepted: voicemail picks up too, but presses nothing. A miss becomes an answer only
    while no text-back was claimed; an answer never becomes a miss.
    """
    now = utcnow()
    call = rows.locked(rows.seen_in(result), now)
    rows.record(call, Kind.DIALED, now, result.dial_call_status, leg_sid=result.dial_call_sid, receipt_id=receipt_id)
    call.dial_call_status = result.dial_call_status
    call.dial_call_sid = result.dial_call_sid or call.dial_call_sid
    first_end = deciding.advance(call, result.call_status, now)
    if deciding.was_taken(call, result):
        call.duration = call.duration if result.duration is None else result.duration
        if not call.outcome or (call.outcome == Outcome.MISSED and call.text_back_at is None):
            deciding.decide(call, Outcome.ANSWERED, "", now)
    else:
        deciding.miss_by_dial(call, result.dial_call_status, now)
    if first_end:
        deciding.publish_completed(call)
    rows.save(call)
    return call


@transaction.atomic(savepoint=False)
def end_call(*, webhook: CallWebhook | Progress, receipt_id: int) -> Call:
    """Record that the caller's call is over: the number's status callback, or its last progress report."""
    now = utcnow()
    call = rows.locked(rows.seen_in(webhook), now)
    rows.record(call, Kind.ENDED, now, webhook.call_status, receipt_id=receipt_id)
    first_end = deciding.advance(call, webhook.call_status, now)
    call.duration = webhook.duration if call.duration is None else call.duration
    if not call.outcome:
        deciding.decide_at_end(call, now)
    if first_end:
        deciding.publish_completed(call)
    rows.save(call)
    return call


@transaction.atomic(savepoint=False)
def record_progress(*, report: Progress, receipt_id: int) -> Call:
    """Record a status callback of the owner's leg, or one of the call itself that does not end it."""
    now = utcnow()
    if not report.parent_call_sid:
        call = rows.locked(rows.seen_in(report), now)
        deciding.advance(call, report.call_status, now)
    else:
        call = rows.locked(rows.Seen(report.parent_call_sid, report.account_sid), now)
        if report.call_status == Status.IN_PROGRESS and call.screening == Tenant.Screening.OFF:
            call.answered_at = call.answered_at or now
    if report.answered_by:
        call.answered_by = report.answered_by
    kind = Kind.MACHINE if report.answered_by else Kind.LEG
    rows.record(
        call, kind, now, report.answered_by or report.call_status, leg_sid=report.call_sid, receipt_id=receipt_id
    )
    rows.save(call)
    return call


@transaction.atomic(savepoint=False)
def screen_call(*, leg: OwnerLeg, receipt_id: int) -> Call:
    """Record that an owner's phone was picked up and hears the whisper."""
    now = utcnow()
    call = rows.locked(rows.Seen(leg.call_sid, leg.account_sid), now)
    rows.record(call, Kind.SCREENED, now, leg_sid=leg.leg_sid, receipt_id=receipt_id)
    rows.save(call)
    return call


@transaction.atomic(savepoint=False)
def accept_call(*, leg: OwnerLeg, receipt_id: int) -> bool:
    """Record what the owner pressed. Returns whether this leg is to be connected to the caller.

    Only a 1 accepts, since tones in a voicemail greeting may be read as digits; and only the first of several phones.
    """
    now = utcnow()
    call = rows.locked(rows.Seen(leg.call_sid, leg.account_sid), now)
    free = not call.outcome and (call.accepted_at is None or call.dial_call_sid == leg.leg_sid)
    accepted = leg.digits == "1" and free
    if accepted:
        call.accepted_at = call.answered_at = call.accepted_at or now
        call.dial_call_sid = leg.leg_sid
        call.settle_at, call.fence = now + TALKING_CHECK + lag(), None
    kind = Kind.ACCEPTED if accepted else Kind.NOT_ACCEPTED
    rows.record(call, kind, now, detail=leg.digits[:20], leg_sid=leg.leg_sid, receipt_id=receipt_id)
    rows.save(call)
    return accepted


@transaction.atomic(savepoint=False)
def record_recording(*, report: RecordingReport, receipt_id: int) -> None:
    """Keep the news of a recording in the call's history."""
    now = utcnow()
    call = rows.locked(rows.Seen(report.call_sid, report.account_sid), now)
    detail = f"{report.recording_sid} {report.recording_status}".strip()
    rows.record(call, Kind.RECORDING, now, detail, receipt_id=receipt_id)
    rows.save(call)


@transaction.atomic(savepoint=False)
def settle(
    *,
    call_id: int,
    seen: rows.Seen,
    status: str,
    somebody_talked: bool,
    ended_at: datetime | None,
    found_at: datetime | None = None,
) -> Call:
    """Decide a call whose callbacks never came, from what Twilio's own record says.

    `ended_at` is when Twilio says it ended, perhaps hours ago: a text-back then comes too late and is not sent.
    `found_at` is given if its end was found in Twilio's list.
    """
    now = utcnow()
    call = Call.objects.select_for_update().get(pk=call_id)
    call.remember()
    rows.adopt(call, seen, routing.table.route(seen.to_number))
    first_end = deciding.advance(call, status, now)
    call.ended_at = ended_at or call.ended_at
    call.dead_at = None
    call.reconciled_at = call.reconciled_at or (None if call.outcome else found_at)
    rows.record(call, Kind.SETTLED, now, status)
    if not call.outcome:
        screened = call.screening == Tenant.Screening.PRESS_1
        taken = call.accepted_at is not None if screened else somebody_talked and not deciding.is_machine(call)
        deciding.decide(call, Outcome.ANSWERED if taken else Outcome.MISSED, "" if taken else Reason.ABANDONED, now)
    if first_end:
        deciding.publish_completed(call)
    rows.save(call)
    return call


def claim_text_back(*, call_id: int) -> bool:
    """Reserve the one text-back of a missed call. True for the first caller only; after it the miss is final."""
    missed = Call.objects.filter(pk=call_id, outcome=Outcome.MISSED, text_back_at__isnull=True)
    return missed.update(text_back_at=utcnow()) == 1


def is_ringing(webhook: CallWebhook) -> bool:
    """Tell whether a call that the owner's phone passed back to us is one that we are forwarding right now.

    It shows the caller's number again, or that of the phone itself.
    """
    recently = utcnow() - timedelta(minutes=5)
    ringing = Call.objects.filter(to_number=webhook.to_number, outcome="", started_at__gt=recently)
    if webhook.from_number != webhook.forwarded_from:
        ringing = ringing.filter(from_number=webhook.from_number)
    return ringing.exclude(call_sid=webhook.call_sid).exists()
