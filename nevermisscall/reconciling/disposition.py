"""The day's report: every call to a number of ours that Twilio knows has exactly one outcome here."""

import logging
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from calls import reconciling as calls
from calls.models import TERMINAL, status_from
from nevermisscall.lib.clock import DatabaseClock, database_now
from nevermisscall.outbox import facts
from nevermisscall.reconciling import scheduling
from nevermisscall.reconciling.events import CallsUnaccounted
from nevermisscall.reconciling.models import Disposition, Reconciliation
from nevermisscall.twilio.errors import TwilioError

SIDS_KEPT = 200
# A day is counted when its last hour is reconciled too, or when that takes this long.
PATIENCE = timedelta(hours=3)
WEEK = timedelta(days=7)

logger = logging.getLogger(__name__)


def count(account_sid: str, day: date) -> Disposition:
    """Return what the calls of a day came to, not stored. Two queries a page. Raises `TwilioError`."""
    since = datetime.combine(day, time(), UTC)
    until = since + timedelta(days=1) - timedelta(microseconds=1)
    counts: Counter[str] = Counter()
    lacking: list[str] = []
    next_url, more = "", True
    while more:
        page = calls.page(account_sid, since=since, until=until, next_url=next_url)
        found = calls.outcomes(account_sid, page.records)
        for record in page.records:
            has_ended = status_from(record.status) in TERMINAL
            what = _name(found[record.call_sid], has_ended) if record.call_sid in found else "not_ours"
            counts[what] += 1
            if what in {"undecided", "not_here"}:
                lacking.append(record.call_sid)
        next_url, more = page.next_url, bool(page.next_url)
    return Disposition(account_sid=account_sid, day=day, call_sids=sorted(lacking)[:SIDS_KEPT], **counts)


def store(counted: Disposition) -> Disposition:
    """Keep a day's report in place of an earlier one. Calls without an outcome are looked for again, and published."""
    with transaction.atomic():
        before = Disposition.objects.select_for_update().filter(account_sid=counted.account_sid, day=counted.day)
        was_known = any(row.without_outcome for row in before)
        names = ("answered", "missed", "refused", "undecided", "not_here", "going_on", "not_ours", "call_sids")
        row, _ = Disposition.objects.update_or_create(
            account_sid=counted.account_sid,
            day=counted.day,
            defaults={**{name: getattr(counted, name) for name in names}, "counted_at": DatabaseClock()},
        )
        if row.without_outcome and not was_known:
            facts.publish(CallsUnaccounted(row))
    if row.without_outcome:
        logger.error(
            "calls that Twilio knows have no outcome here; they are looked for again",
            extra={"account_sid": row.account_sid, "day": f"{row.day}", "call_sids": row.call_sids[:10]},
        )
        scheduling.look_again(row.account_sid, since=datetime.combine(row.day, time(), UTC))
    return row


def count_yesterday() -> int:
    """Count yesterday for every account, unless that is done and each call has its outcome; returns how many days.

    Days before it on which everything was away, so that nobody counted, are made up for: a week of them.
    """
    scheduling.ensure_rows()
    now = database_now()
    midnight = datetime.combine(now.date(), time(), UTC)
    done = 0
    for row in Reconciliation.objects.all():
        if row.reconciled_until < midnight and now < midnight + PATIENCE:
            continue
        for day in _uncounted(row.account_sid, yesterday=midnight.date() - timedelta(days=1)):
            try:
                store(count(row.account_sid, day))
                done += 1
            except TwilioError as error:
                logger.warning("a day's calls cannot be counted; tried again in an hour", extra={"reason": str(error)})
                break
    return done


def _uncounted(account_sid: str, *, yesterday: date) -> list[date]:
    known = {row.day: row for row in Disposition.objects.filter(account_sid=account_sid, day__gt=yesterday - WEEK)}
    days = [yesterday - timedelta(days=n) for n in range((yesterday - min(known, default=yesterday)).days, 0, -1)]
    missing = [day for day in days if day not in known]
    last = known.get(yesterday)
    return missing if last is not None and not last.without_outcome else [*missing, yesterday]


def _name(outcome: str | None, has_ended: bool) -> str:
    if outcome is None:
        return "not_here"
    return outcome or ("undecided" if has_ended else "going_on")
