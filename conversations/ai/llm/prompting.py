"""What a model is told and asked: customers' words as data, in one fenced JSON object, without phone numbers."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from conversations.ai.llm import schema
from conversations.ai.protocol import CUSTOMER, Line, Request, Slot

_PROMPTS = Path(__file__).parent / "prompts"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Seven digits in a row or more, however they are spaced: phone, card and social security numbers. Dates and times of
# day, prices, house numbers and postal codes are shorter.
_LONG_NUMBER = re.compile(r"(?<![\w])[+(]*\d(?:[ ().-]{0,2}\d){6,}")


@cache
def instructions() -> str:
    """Return what every model is told first."""
    return _read("dispatcher.md")


@cache
def instructions_for_text() -> str:
    """Return the same for a server that takes no schema: the schema is spelled out."""
    return f"{instructions()}\n# How you answer\n\n{_read('answer_in_text.md')}\n{json.dumps(schema.ANSWER)}\n"


def question(request: Request) -> str:
    """Return the conversation, fenced. No text in it can close the fence: `<` is written as an escape."""
    data = json.dumps(_data(request), ensure_ascii=False, indent=1).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<conversation>\n{data}\n</conversation>\n\nWhat is the next text to this customer?"


def without_contacts(text: str) -> str:
    """Return `text` without e-mail addresses and long numbers: no model needs them to know what is wrong."""
    return _LONG_NUMBER.sub("[number]", _EMAIL.sub("[e-mail]", text))


def _data(request: Request) -> dict[str, Any]:
    zone = ZoneInfo(request.business.timezone)
    return {
        "business": _business(request),
        "now": request.now.astimezone(zone).strftime("%A %Y-%m-%d %H:%M"),
        "customer_language": request.language,
        "customer_name": request.customer_name,
        "free_slots": [_slot(slot, zone) for slot in request.free_slots],
        "appointment": request.appointment
        and {**_slot(request.appointment, zone), "status": request.appointment_status},
        "job": {key: without_contacts(value) for key, value in request.job.items()},
        "summary": without_contacts(request.summary),
        "urgency_level": request.urgency_level,
        "messages": [_message(line) for line in request.messages],
    }


def _business(request: Request) -> dict[str, Any]:
    business = request.business
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return {
        "name": business.name,
        "trade": business.trade,
        "service_area": business.service_area,
        "job_estimates": dict(business.job_estimates),
        "open": [f"{days[day]} {opens:%H:%M}-{closes:%H:%M}" for day, opens, closes in business.hours] or "always",
        "closed": [f"{first} to {last}" for first, last in business.closures],
    }


def _slot(slot: Slot, zone: ZoneInfo) -> dict[str, str]:
    start, end = slot.start.astimezone(zone), slot.end.astimezone(zone)
    return {"start": start.isoformat(), "end": end.isoformat(), "in_words": f"{start:%A, %B %-d, %-I:%M %p}"}


def _message(line: Line) -> dict[str, Any]:
    who = "customer" if line.sender_type == CUSTOMER else "business"
    return {"from": who, "text": without_contacts(line.body), "files": list(line.media)}


def _read(name: str) -> str:
    return (_PROMPTS / name).read_text(encoding="utf-8")
