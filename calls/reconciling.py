"""Calls that Twilio knows and we do not, or whose end never reached us: opened and decided from its own records."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from calls import answering, deciding, events, rows, services
from calls.models import TERMINAL, Call, CallEvent, status_from
from calls.serializers import CallWebhook
from nevermisscall.lib import clock
from nevermisscall.lib.clock import now
from nevermisscall.outbox import facts
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.twilio.calls import CallRecord
from nevermisscall.twilio.paging import Page
from tenants import accounts, routing
from tenants import services as tenant_services
from tenants.models import Tenant

# While its callbacks may still be on their way, they know more than the record.
CALLBACKS_COME_WITHIN = timedelta(minutes=2)
# The owner's leg lasts no longer than this if nobody pressed 1. Longer, and somebody talked: perhaps the number's
# fallback at Twilio forwarded the call while we were away, without a whisper.
WHISPER_AT_MOST = timedelta(seconds=30)
RINGS_AT_MOST = timedelta(minutes=5)

Outcome, Kind = Call.Outcome, CallEvent.Kind


def page(account_sid: str, *, since: datetime, until: datetime, next_url: str = "") -> Page[CallRecord]:
    """Return one page of the account's inbound calls in that time, oldest first."""
    found = twilio_calls.page(accounts.credentials(account_sid), since=since, until=until, next_url=next_url)
    inbound = [
        call
        for call in reversed(found.records)
        if call.direction == "inbound" and call.created_at is not None and since <= call.created_at <= until
    ]
    return Page(inbound, found.next_url)


def look(account_sid: str, records: Sequence[CallRecord]) -> tuple[list[CallRecord], int]:
    """Return the calls that are to be mended, and how many were not to a number of ours. Two queries."""
    found = outcomes(account_sid, records)
    ours = [call for call in records if call.call_sid in found]
    return [call for call in ours if _lacks(call, found[call.call_sid])], len(records) - len(ours)


def outcomes(account_sid: str, records: Sequence[CallRecord]) -> dict[str, str | None]:
    """Return what the calls to our numbers came to, by SID: blank for none yet, None for one that is not here."""
    owned = tenant_services.owned(account_sid, (call.to_number for call in records))
    ours = [
        call.call_sid
        for call in records
        if call.to_number in owned and call.created_at is not None and call.created_at >= owned[call.to_number]
    ]
    return dict.fromkeys(ours) | dict(Call.objects.filter(call_sid__in=ours).values_list("call_sid", "outcome"))


def mend(account_sid: str, record: CallRecord) -> str:
    """Open the call's row and decide it, or decide the one there is: "created", "settled", or "" if nothing is left.

    Safe to repeat, and beside its webhooks: whoever locks the row first decides.
    """
    legs = _legs(account_sid, record)
    known = Call.objects.filter(call_sid=record.call_sid).first()
    if known is not None:
        return _settle(known, record, legs)
    assert record.created_at is not None, "a call without a time is in no page"
    with clock.as_of(record.created_at):
        return _open(account_sid, record, legs, began_at=record.created_at)


def _lacks(record: CallRecord, outcome: str | None) -> bool:
    """Tell whether the call has no row, or ended a while ago and its row has no outcome."""
    if outcome is not None and not outcome and status_from(record.status) in TERMINAL:
        return record.ended_at is None or record.ended_at < now() - CALLBACKS_COME_WITHIN
    return outcome is None


def _legs(account_sid: str, record: CallRecord) -> list[CallRecord]:
    """Return where the call was forwarded to. One that was never picked up needs no look."""
    if status_from(record.status) not in TERMINAL or not record.seconds:
        return []
    return twilio_calls.legs(accounts.credentials(account_sid), record.call_sid)


def _settle(call: Call, record: CallRecord, legs: Sequence[CallRecord]) -> str:
    if call.outcome or status_from(record.status) not in TERMINAL:
        return ""
    services.settle(
        call_id=call.pk,
        seen=rows.Seen(call.call_sid, call.account_sid, record.from_number, record.to_number),
        status=record.status,
        somebody_talked=_seconds_talked(legs) > 0,
        ended_at=record.ended_at,
        found_at=now(),
    )
    return "settled"


@transaction.atomic
def _open(account_sid: str, record: CallRecord, legs: Sequence[CallRecord], *, began_at: datetime) -> str:
    route = routing.table.route(record.to_number)
    seen = rows.Seen(record.call_sid, account_sid, record.from_number, record.to_number)
    call = rows.locked(seen, began_at, route)
    if call.started_at != began_at or call.reconciled_at is not None:
        return ""  # its webhook was faster
    call.reconciled_at = now()
    rows.record(call, Kind.FOUND, began_at, record.status)
    if call.tenant_id is not None:
        facts.publish(events.CallIncoming(call))
    has_ended = deciding.advance(call, record.status, record.ended_at or began_at)
    plan = answering.plan(_as_webhook(account_sid, record), route, at=began_at, is_ringing=_was_ringing)
    if plan.outcome == Outcome.REFUSED:
        deciding.decide(call, Outcome.REFUSED, "", began_at)
    elif has_ended:
        _decide(call, plan, legs)
    if has_ended:
        deciding.publish_completed(call)
    rows.save(call)  # one that goes on is asked about again at `settle_at`
    return "created"


def _decide(call: Call, plan: answering.Plan, legs: Sequence[CallRecord]) -> None:
    assert call.ended_at is not None, "it has ended"
    seconds = _seconds_talked(legs)
    if seconds > (WHISPER_AT_MOST.total_seconds() if call.screening == Tenant.Screening.PRESS_1 else 0):
        call.duration, call.answered_at = seconds, call.ended_at - timedelta(seconds=seconds)
        deciding.decide(call, Outcome.ANSWERED, "", call.ended_at)
        return
    by_leg = deciding.MISSED_BY_DIAL_STATUS.get(legs[-1].status) if legs else None
    reason = plan.missed_reason or by_leg or Call.MissedReason.ABANDONED
    deciding.decide(call, Outcome.MISSED, reason, call.ended_at)


def _seconds_talked(legs: Sequence[CallRecord]) -> int:
    return max((leg.seconds for leg in legs if leg.status == "completed"), default=0)


def _as_webhook(account_sid: str, record: CallRecord) -> CallWebhook:
    return CallWebhook(
        call_sid=record.call_sid,
        account_sid=account_sid,
        from_number=record.from_number,
        to_number=record.to_number,
        call_status=record.status,
        forwarded_from=record.forwarded_from,
        direction=record.direction,
        sequence_number="",
        duration=None,
    )


def _was_ringing(webhook: CallWebhook) -> bool:
    """Tell whether a call that the owner's phone passed back to us was one that we were forwarding."""
    began = clock.utcnow()
    before = Call.objects.filter(
        to_number=webhook.to_number,
        from_number=webhook.from_number,
        started_at__range=(began - RINGS_AT_MOST, began + timedelta(seconds=1)),
    )
    return before.exclude(call_sid=webhook.call_sid).exists()
