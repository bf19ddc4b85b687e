"""A call's row: found or opened, locked, filled in, and stored with what happened to it.

For `calls.services`, inside its transactions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from calls.models import Call
from calls.serializers import CallWebhook, DialResult, Progress
from nevermisscall.lib.clock import lag
from nevermisscall.lib.logs import bind
from nevermisscall.webhooks.parsing import InvalidWebhook
from tenants import routing

# Twilio adds about 5 s to the ring time; the rest is for the whisper, the press and slow callbacks.
SETTLE_MARGIN = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Seen:
    """What every webhook about a call tells: enough to open its row if this is the first we hear of it."""

    call_sid: str
    account_sid: str
    from_number: str = ""
    to_number: str = ""


def locked(seen: Seen, now: datetime, route: routing.Route | None = None) -> Call:
    """Return the call, locked; one that nobody told us of yet gets its row here.

    Raises `InvalidWebhook` if it is another account's call.
    """
    call = _lock(seen.call_sid)
    if call is None:
        created, is_new = Call.objects.get_or_create(
            call_sid=seen.call_sid,
            defaults={
                "account_sid": seen.account_sid,
                "from_number": seen.from_number,
                "to_number": seen.to_number,
                "started_at": now,
                "settle_at": now + SETTLE_MARGIN + lag(),
            },
        )
        call = created if is_new else Call.objects.select_for_update().get(pk=created.pk)
    if seen.account_sid != call.account_sid:
        # Another account's signature proves nothing about this call, whoever told it the SID.
        raise InvalidWebhook({"AccountSid": "is not the account of this call"})
    call.remember()
    if call.tenant_id is None:
        adopt(call, seen, route or routing.table.route(seen.to_number))
    bind(call_sid=call.call_sid, tenant_id=call.tenant_id)
    return call


def _lock(call_sid: str) -> Call | None:
    # The ORM takes 0.3 ms to put this sentence together, several times what PostgreSQL needs to answer it.
    rows = Call.objects.raw("SELECT * FROM calls_call WHERE call_sid = %s FOR UPDATE", [call_sid])
    return next(iter(rows), None)


def adopt(call: Call, seen: Seen, route: routing.Route | None) -> None:
    """Fill in who called whom, and which business that is, as soon as some webhook says so."""
    call.from_number = call.from_number or seen.from_number
    call.to_number = call.to_number or seen.to_number
    if route is not None and call.tenant_id is None and route.account.account_sid == call.account_sid:
        call.tenant_id, call.phone_number_id = route.tenant_id, route.number_id
        call.screening = route.answer_screening
        if call.settle_at is not None:
            call.settle_at = call.started_at + SETTLE_MARGIN + timedelta(seconds=route.ring_timeout_seconds) + lag()


def record(
    call: Call, kind: str, now: datetime, detail: str = "", *, leg_sid: str = "", receipt_id: int | None = None
) -> None:
    """Note what happened; `save` stores it."""
    call.unsaved_events.append((str(kind), detail[:120], leg_sid, receipt_id, now))


def save(call: Call) -> None:
    """Store the columns that changed and the events."""
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


def seen_in(webhook: CallWebhook | DialResult | Progress) -> Seen:
    """Return what a webhook tells about its call."""
    return Seen(webhook.call_sid, webhook.account_sid, webhook.from_number, webhook.to_number)
