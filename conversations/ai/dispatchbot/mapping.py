"""What DispatchBot is sent, in the words of its contract."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from conversations.ai.protocol import Business, Line, Request, Slot

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MIDNIGHT = time(0, 0)
_END_OF_DAY = "23:59"  # as a time of day there is no 24:00
_ALWAYS = [{"start": "00:00", "end": _END_OF_DAY}]


def to_json(request: Request) -> dict[str, Any]:
    """Return the body of `POST /analyze-conversation`."""
    settings = _settings(request.business)
    return {
        "conversation_id": request.conversation_id,
        "tenant_id": request.tenant_id,
        "messages": [_message(line) for line in request.messages],
        "user_settings": settings,
        "business_settings": settings,
        "business_hours": _hours(request.business.hours),
        "job_estimates": dict(request.business.job_estimates),
        "calendar": _calendar(request),
        "customer": {
            "name": request.customer_name,
            "phone": request.customer_phone,
            "language": request.language,
        },
        "priority": request.priority,
        "bypass_timer": request.bypass_timer,
        "context": _context(request),
    }


def _message(line: Line) -> dict[str, Any]:
    return {
        "sender_type": line.sender_type,
        "body": line.body,
        "media": list(line.media),
        "sent_at": line.sent_at.isoformat(),
    }


def _settings(business: Business) -> dict[str, Any]:
    return {
        "business_name": business.name,
        "trade": business.trade,
        "language": business.language,
        "timezone": business.timezone,
        "service_area": business.service_area,
        "closures": [{"start": first.isoformat(), "end": last.isoformat()} for first, last in business.closures],
    }


def _hours(hours: Sequence[tuple[int, time, time]]) -> dict[str, Any]:
    """Return weekday → {start, end}; a day that is missing is closed.

    A day with breaks spans them from `start` to `end` and has its open times one by one in `intervals` as well.
    """
    if not hours:
        return {day: dict(_ALWAYS[0]) for day in _DAYS}
    return {
        name: _day([(opens, closes) for day, opens, closes in sorted(hours) if day == number])
        for number, name in enumerate(_DAYS)
        if any(day == number for day, _, _ in hours)
    }


def _day(times: Iterable[tuple[time, time]]) -> dict[str, Any]:
    intervals = [{"start": _clock(opens), "end": _clock(closes, is_end=True)} for opens, closes in times]
    day: dict[str, Any] = {"start": intervals[0]["start"], "end": max(interval["end"] for interval in intervals)}
    return day if len(intervals) == 1 else {**day, "intervals": intervals}


def _clock(at: time, *, is_end: bool = False) -> str:
    return _END_OF_DAY if is_end and at == _MIDNIGHT else at.strftime("%H:%M")


def _calendar(request: Request) -> dict[str, Any]:
    zone = ZoneInfo(request.business.timezone)
    return {
        "timezone": request.business.timezone,
        "busy": [_slot(slot, zone) for slot in request.busy],
        "free_slots": [_slot(slot, zone) for slot in request.free_slots],
    }


def _context(request: Request) -> dict[str, Any]:
    """Return what earlier turns found out: `messages` are only the newest lines."""
    zone = ZoneInfo(request.business.timezone)
    visit = request.appointment and {**_slot(request.appointment, zone), "status": request.appointment_status}
    return {
        "summary": request.summary,
        "job": dict(request.job),
        "urgency_level": request.urgency_level,
        "appointment": visit,
    }


def _slot(slot: Slot, zone: ZoneInfo) -> dict[str, str]:
    return {"start": _local(slot.start, zone), "end": _local(slot.end, zone)}


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()
