"""The admin's first page: does every missed call become a text, and is anything stuck?"""

import json
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Model, Q
from django.db.models.functions import TruncDate
from django.http import HttpRequest

from calls.admin import OUTCOME_COLOURS
from calls.models import Call
from nevermisscall.lib.admin import INFO, NONE, badge, change_url, list_url, shown_number, span
from nevermisscall.lib.clock import utcnow
from nevermisscall.outbox.admin import may_view
from nevermisscall.outbox.backlog import backlogs
from sms.models import Message, Status
from tenants.compliance import Purpose

PERIODS = (7, 30)  # days
LAST_CALLS = 8

# unfold's own options draw the bars of a day on top of each other.
_TICKS = {"color": "#9ca3af", "precision": 0}
CHART_OPTIONS = json.dumps(
    {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "datasets": {"bar": {"borderRadius": 3, "maxBarThickness": 14}},
        "plugins": {
            "legend": {
                "align": "end",
                "labels": {"boxWidth": 6, "boxHeight": 6, "usePointStyle": True, "color": "#9ca3af"},
            },
        },
        "scales": {
            "x": {"ticks": _TICKS, "grid": {"display": False}, "border": {"display": False}},
            "y": {"ticks": _TICKS, "grid": {"tickWidth": 0}, "border": {"display": False}, "beginAtZero": True},
        },
    }
)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the dashboard shows to its context: four queries, however many calls there are."""
    if not (may_view(request, Call) and may_view(request, Message)):
        return context
    now = utcnow()
    chosen = request.GET.get("days", "")
    days = int(chosen) if chosen in map(str, PERIODS) else PERIODS[0]
    first = now.date() - timedelta(days=days - 1)
    since = datetime.combine(first, time(), now.tzinfo)
    calls, reasons = _calls(since)
    texted, delivered = _texts(since)
    missed = sum(reasons.values())
    context |= {
        "dashboard": True,
        "title": "Dashboard",
        "periods": [{"title": f"{n} days", "link": f"?days={n}", "active": n == days} for n in PERIODS],
        "funnel": _funnel(calls.total(), missed, texted.total(), delivered.total(), since),
        "chart_options": CHART_OPTIONS,
        "chart": _chart(first, days, calls, reasons, texted, delivered),
        "reasons": _reasons(reasons, missed, since),
        "queues": _queues(now),
        "last_calls": _last_calls(),
        "calls_url": list_url(Call),
    }
    return context


def _calls(since: datetime) -> tuple[Counter[date], Counter[tuple[date, str]]]:
    """Count the calls of each day, and the missed ones by day and reason. Calls that were not ours do not count."""
    rows = (
        Call.objects.filter(started_at__gte=since, tenant__isnull=False)
        .exclude(outcome=Call.Outcome.REFUSED)
        .values_list(TruncDate("started_at"), "missed_reason")
        .annotate(number=Count("pk"))
        .order_by()
    )
    calls: Counter[date] = Counter()
    reasons: Counter[tuple[date, str]] = Counter()
    for day, reason, number in rows:
        calls[day] += number
        if reason:
            reasons[day, reason] += number
    return calls, reasons


def _texts(since: datetime) -> tuple[Counter[date], Counter[date]]:
    """Count the text-backs that Twilio took, and those that arrived, by the day they were queued."""
    rows = (
        Message.objects.filter(created_at__gte=since, purpose=Purpose.MISSED_CALL)
        .values_list(TruncDate("created_at"))
        .annotate(texted=Count("sent_at"), delivered=Count("pk", filter=Q(status=Status.DELIVERED)))
        .order_by()
    )
    texted, delivered = Counter[date](), Counter[date]()
    for day, taken, arrived in rows:
        texted[day], delivered[day] = taken, arrived
    return texted, delivered


def _funnel(calls: int, missed: int, texted: int, delivered: int, since: datetime) -> list[dict[str, Any]]:
    start = {"started_at_from": f"{since:%Y-%m-%d}"}
    texts = {"purpose__exact": Purpose.MISSED_CALL.value, "created_at_from": f"{since:%Y-%m-%d}"}
    steps: list[tuple[str, int, int, str, type[Model], dict[str, str]]] = [
        ("Calls", calls, calls, "", Call, start),
        ("Missed", missed, calls, "of calls", Call, {**start, "outcome__exact": "missed"}),
        ("Texted", texted, missed, "of missed", Message, texts),
        ("Delivered", delivered, texted, "of texted", Message, {**texts, "status__exact": "delivered"}),
    ]
    return [
        {
            "title": title,
            "number": number,
            "share": round(100 * number / of) if of and remark else None,
            "remark": remark,
            "width": round(100 * number / calls) if calls else 0,
            "url": f"{list_url(model)}?{urlencode(query)}",
        }
        for title, number, of, remark, model, query in steps
    ]


def _chart(
    first: date,
    days: int,
    calls: Counter[date],
    reasons: Counter[tuple[date, str]],
    texted: Counter[date],
    delivered: Counter[date],
) -> str:
    missed: Counter[date] = Counter()
    for (day, _), number in reasons.items():
        missed[day] += number
    shown = [first + timedelta(days=n) for n in range(days)]
    series = [
        ("Calls", calls, "var(--color-base-300)"),
        ("Missed", missed, "var(--color-primary-300)"),
        ("Texted", texted, "var(--color-primary-500)"),
        ("Delivered", delivered, "var(--color-primary-700)"),
    ]
    return json.dumps(
        {
            "labels": [f"{day.day} {day:%b}" for day in shown],
            "datasets": [
                {
                    "label": label,
                    "data": [counted[day] for day in shown],
                    "backgroundColor": colour,
                }
                for label, counted, colour in series
            ],
        }
    )


def _reasons(reasons: Counter[tuple[date, str]], missed: int, since: datetime) -> list[dict[str, Any]]:
    totals: Counter[str] = Counter()
    for (_, reason), number in reasons.items():
        totals[reason] += number
    labels: dict[str, str] = dict(Call.MissedReason.choices)
    start = {"started_at_from": f"{since:%Y-%m-%d}"}
    return [
        {
            "title": labels.get(reason, reason),
            "number": number,
            "share": round(100 * number / missed),
            "url": f"{list_url(Call)}?{urlencode({**start, 'missed_reason__exact': reason})}",
        }
        for reason, number in totals.most_common()
    ]


def _queues(now: datetime) -> list[dict[str, Any]]:
    """Return what waits in every queue, and how late the latest of it is."""
    return [
        {
            "name": backlog.queue.name,
            "pending": backlog.pending,
            "due": backlog.due,
            "dead": backlog.dead,
            "late": NONE if backlog.oldest is None else span(now - backlog.oldest),
            "url": f"{list_url(backlog.queue.model)}?work=pending",
        }
        for backlog in backlogs()
    ]


def _last_calls() -> list[dict[str, Any]]:
    calls = Call.objects.select_related("tenant").order_by("-pk")[:LAST_CALLS]
    return [
        {
            "call": call,
            "url": change_url(call),
            "caller": shown_number(call.from_number),
            "outcome": badge(call.get_outcome_display() or "In progress", OUTCOME_COLOURS.get(call.outcome, INFO)),
        }
        for call in calls
    ]
