"""Alert calls whose request to Twilio had no clear outcome: found, or placed again as a last resort.

A webhook bearing the token settles it at once (`calls.alerts.services`). Otherwise Twilio's list of calls between the
two numbers is searched. Absent after a minute and two clean looks, it is placed again, three times in all.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from calls.alerts import progress
from calls.alerts.models import AlertCall, Status
from nevermisscall.lib.clock import utcnow
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.twilio.calls import CallRecord
from nevermisscall.twilio.errors import TwilioError
from tenants import accounts

LOOKS = (3, 10, 30, 60)  # seconds after the attempt started
FIRST_LOOK = timedelta(seconds=LOOKS[0])
BETWEEN_CLEAN_LOOKS = timedelta(seconds=20)
LOOK_FOR_AT_MOST = timedelta(minutes=10)  # while Twilio's list cannot be read
MAX_TRIES = 3  # each after the first only when two clean looks showed nothing of the one before
# Twilio's times are whole seconds and its clock is not ours.
CREATED_BEFORE = timedelta(seconds=5)
CREATED_AFTER = timedelta(seconds=30)

logger = logging.getLogger(__name__)


def look_for(alert: AlertCall) -> timedelta | None:
    """Search Twilio for a call of unknown outcome. Returns when to look again, or None when it is settled."""
    assert alert.attempted_at is not None, "only an attempt has an unknown outcome"
    try:
        listed = twilio_calls.latest(
            accounts.credentials(alert.account_sid),
            from_number=alert.phone_number.number,
            to_number=alert.to_number,
        )
    except TwilioError as error:
        # A look that failed proves nothing.
        logger.warning("could not look for a call of unknown outcome", extra={"reason": str(error)})
        if utcnow() - alert.attempted_at > LOOK_FOR_AT_MOST:
            give_up(alert)
            return None
        return BETWEEN_CLEAN_LOOKS
    match = _match(alert, alert.attempted_at, listed)
    if match is not None:
        found(alert, match.call_sid)
        return None
    return _absent(alert, alert.attempted_at)


@transaction.atomic
def found(alert: AlertCall, call_sid: str) -> None:
    """Record that Twilio has the call."""
    progress.bind_sid(AlertCall.objects.select_for_update().get(pk=alert.pk), call_sid)


@transaction.atomic
def end(alert: AlertCall, call_status: str) -> None:
    """Record what Twilio says a call came to."""
    progress.end(AlertCall.objects.select_for_update().get(pk=alert.pk), call_status)


@transaction.atomic
def give_up(alert: AlertCall) -> None:
    """Nobody can find out what became of it: whoever waits for it is told rather than left waiting."""
    progress.give_up(AlertCall.objects.select_for_update().get(pk=alert.pk))


def mine(alert: AlertCall) -> AlertCall | None:
    """Return the row, locked, if the lease is still ours."""
    rows = AlertCall.objects.select_for_update(of=["self"]).select_related("phone_number__tenant")
    return rows.filter(pk=alert.pk, fence=alert.fence).first()


def _match(alert: AlertCall, attempted_at: datetime, listed: list[CallRecord]) -> CallRecord | None:
    taken = set(
        AlertCall.objects.filter(call_sid__in=[call.call_sid for call in listed]).values_list("call_sid", flat=True)
    )
    earliest, latest = attempted_at - CREATED_BEFORE, attempted_at + CREATED_AFTER
    for call in listed:
        in_time = call.created_at is not None and earliest <= call.created_at <= latest
        # A withheld customer's call is forwarded under our number too, as a leg: `outbound-dial`.
        if in_time and call.direction == "outbound-api" and call.call_sid not in taken:
            return call
    return None


def _absent(alert: AlertCall, attempted_at: datetime) -> timedelta | None:
    now = utcnow()
    first = alert.first_clean_look_at
    if first is None:
        AlertCall.objects.filter(pk=alert.pk, fence=alert.fence).update(first_clean_look_at=now)
    elif now - attempted_at >= timedelta(seconds=LOOKS[-1]) and now - first >= BETWEEN_CLEAN_LOOKS:
        return _place_again(alert)
    elapsed = (now - attempted_at).total_seconds()
    return next((timedelta(seconds=look - elapsed) for look in LOOKS if look > elapsed + 1), BETWEEN_CLEAN_LOOKS)


@transaction.atomic
def _place_again(alert: AlertCall) -> timedelta | None:
    row = mine(alert)
    if row is None or row.status != Status.UNKNOWN:
        return None
    if row.tries >= MAX_TRIES:
        progress.give_up(row)
        return None
    row.status = Status.QUEUED
    row.save(update_fields=["status"])
    logger.warning("alert call of unknown outcome is placed again")
    return timedelta(0)
