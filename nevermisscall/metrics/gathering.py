"""Counts what `/metrics` shows. A section is a function that returns figures by name; `null` is “nothing to count”.

To add one, write the function and enter it in `SECTIONS`; both formats follow from that. Each is a query or two with an
index, since Prometheus asks all day long.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Sum

from calls.models import Call
from nevermisscall.backup import standing as backups
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.outbox import heartbeats
from nevermisscall.outbox.backlog import backlogs
from nevermisscall.reconciling.models import Disposition, Reconciliation
from nevermisscall.webhooks import timing
from nevermisscall.webhooks.journal.figures import figures
from nevermisscall.webhooks.models import WebhookMinute
from sms.models import AccountPause, Message, SendAttempt, Status

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)

Figures = dict[str, Any]

# What is certain about a text: it arrived, or it will not.
ARRIVED = (Status.DELIVERED,)
LOST = (Status.UNDELIVERED, Status.FAILED, Status.EXPIRED)
UNDER_WAY = (Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.SENT_TO_PROVIDER)


def gather() -> dict[str, Figures]:
    """Return every section's figures as of now."""
    return {name: section() for name, section in SECTIONS.items()}


def webhook_processing() -> Figures:
    """The last hour of webhooks: how many, and how long from reading to answering."""
    timing.flush()  # what this process has counted itself
    found = WebhookMinute.objects.filter(minute__gt=DatabaseClock() - HOUR).aggregate(
        webhooks=Sum("answered"),
        failed=Sum("failed"),
        slow=Sum("slow"),
        unrecorded=Sum("unrecorded"),
        ms=Sum("total_ms"),
        slowest=Max("slowest_ms"),
    )
    webhooks = found["webhooks"] or 0
    return {
        "calls_per_hour": Call.objects.filter(started_at__gt=DatabaseClock() - HOUR, direction="inbound").count(),
        "webhooks_per_hour": webhooks,
        "avg_processing_time_ms": round((found["ms"] or 0.0) / webhooks, 1) if webhooks else 0.0,
        "slowest_ms": round(found["slowest"] or 0.0, 1),
        "over_500_ms": found["slow"] or 0,
        "failed": found["failed"] or 0,
        "unrecorded": found["unrecorded"] or 0,
    }


def calls() -> Figures:
    """The last hour of calls to our numbers, by how they ended."""
    rows = Call.objects.filter(started_at__gt=DatabaseClock() - HOUR, direction="inbound").order_by()
    found = dict(rows.values_list("outcome").annotate(number=Count("pk")))
    ended = {outcome.value: found.get(outcome.value, 0) for outcome in Call.Outcome}
    return {"by_outcome": {**ended, "open": found.get("", 0)}}


def text_backs() -> Figures:
    """How long callers of the last hour waited for their text, from the decision until Twilio had it."""
    with connection.cursor() as cursor:
        cursor.execute(_TEXT_BACKS, [utcnow() - HOUR])
        sent, median, p95 = cursor.fetchone()
    return {"sent_per_hour": sent, "seconds_p50": median, "seconds_p95": p95}


def sms() -> Figures:
    """What became of the texts that were queued in the last 24 hours."""
    rows = Message.objects.filter(direction=Message.Direction.OUTBOUND, created_at__gt=utcnow() - DAY).order_by()
    found = list(rows.values_list("status", "error_code").annotate(number=Count("pk")))

    def number(*statuses: str) -> int:
        return sum(count for status, _, count in found if status in statuses)

    arrived, lost = number(*ARRIVED), number(*LOST)
    errors: dict[str, int] = {}
    for _, code, count in found:
        if code is not None:
            errors[str(code)] = errors.get(str(code), 0) + count
    return {
        "queued_per_day": number(*Status),
        "delivered": arrived,
        "not_delivered": lost,
        "without_receipt": number(Status.SENT),  # the carrier has it, and may never say more
        "under_way": number(*UNDER_WAY),
        "canceled": number(Status.CANCELED),
        "delivery_rate": round(arrived / (arrived + lost), 4) if arrived + lost else None,
        "errors": errors,
    }


def queues() -> Figures:
    """How much work waits in each queue; `oldest_seconds` is how late the latest of it is."""
    now = utcnow()
    return {
        backlog.queue.name: {
            "pending": backlog.pending,
            "due": backlog.due,
            "oldest_seconds": max(0.0, round((now - backlog.oldest).total_seconds(), 1)) if backlog.oldest else 0.0,
            "dead": backlog.dead,
        }
        for backlog in backlogs()
    }


def workers() -> Figures:
    """Worker processes that were heard of lately."""
    return {"alive": heartbeats.alive().count()}


def twilio() -> Figures:
    """How the last hour's requests to send a text went, and accounts whose credentials Twilio refuses right now."""
    asked = SendAttempt.objects.filter(started_at__gt=DatabaseClock() - HOUR)
    return {
        "requests_per_hour": asked.count(),
        "not_accepted_per_hour": asked.exclude(outcome__in=["", "accepted"]).count(),  # blank: nothing is known yet
        "accounts_paused": AccountPause.objects.filter(until__gt=DatabaseClock()).count(),
    }


def backup() -> Figures:
    """The newest complete backup, wherever it went."""
    good = backups.newest()
    age = backups.age(good)
    return {
        "age_seconds": round(age.total_seconds()) if age else None,
        "bytes": good.size if good else None,
        "took_seconds": good.seconds if good else None,
    }


def journal() -> Figures:
    """Webhooks on this machine's disk that wait for the database, and those that were set aside."""
    found = asdict(figures())
    return {**found, "database_is_away": int(found["database_is_away"])}


def reconciliation() -> Figures:
    """How far Twilio's lists are compared with what is here, by the account that is furthest behind."""
    oldest = Reconciliation.objects.aggregate(until=Min("reconciled_until"))["until"]
    return {"behind_seconds": max(0, round((utcnow() - oldest).total_seconds())) if oldest else None}


def disposition() -> Figures:
    """The last day whose calls were counted, all accounts together; `without_outcome` must be 0."""
    last = Disposition.objects.order_by("-day").first()
    rows = Disposition.objects.filter(day=last.day) if last else Disposition.objects.none()
    names = ("answered", "missed", "refused", "undecided", "not_here")
    found = rows.aggregate(**{name: Sum(name) for name in names})
    return {
        "calls": {name: found[name] or 0 for name in names},
        "without_outcome": (found["undecided"] or 0) + (found["not_here"] or 0) if last else None,
        "days_ago": (utcnow().date() - last.day).days if last else None,
    }


SECTIONS: dict[str, Callable[[], Figures]] = {
    "webhook_processing": webhook_processing,
    "calls": calls,
    "text_backs": text_backs,
    "sms": sms,
    "queues": queues,
    "workers": workers,
    "twilio": twilio,
    "journal": journal,
    "backup": backup,
    "reconciliation": reconciliation,
    "disposition": disposition,
}

_TEXT_BACKS = """
    SELECT count(sent_at),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at)),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at))
    FROM sms_message
    WHERE created_at > %s AND purpose = 'missed_call' AND sent_at IS NOT NULL
"""
