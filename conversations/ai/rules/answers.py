"""What can be answered from what the business says of itself: its hours, its area, its prices."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from conversations.ai.protocol import Business
from conversations.ai.rules.reading.data import WORDS
from conversations.ai.rules.reading.folding import fold, words
from conversations.ai.rules.reading.vocabulary import Job, is_about
from conversations.ai.rules.reading.wishes import Wish
from conversations.ai.rules.wording import capitalised, clock_time, label, say, say_day, weekday_name

_AREA_AT_MOST = 150  # characters of the service area in one text
_VALUE_AT_MOST = 80  # characters of one estimate

_ANY_JOB = WORDS["any_job"]
# What fits whatever the job: words of the estimate's name, and how people ask for it.
_FOR_COMING = (
    WORDS["visit"],
    re.compile(
        r"\b(?:visits?|visita|(?:service|house) call|call ?out|trip|diagnos\w+|inspection|come out|come over|to come"
        r"|to look|show up|por venir|por ir|por revisar|consultation)\b"
    ),
)
_BY_THE_HOUR = (WORDS["hour"], re.compile(r"\b(?:hourly|per hour|an hour|by the hour|por hora|la hora)\b"))


def about_area(place: str, business: Business, language: str) -> tuple[str, bool]:
    """Return the answer, and whether we know: only what the business's own words contain counts as served."""
    area = f" {' '.join(words(business.service_area))} "
    if place and f" {' '.join(words(place))} " in area:
        return say(language, "in_area", place=_title(place)), True
    if place:
        return say(language, "area_check", place=_title(place), business=business.name), False
    if not business.service_area.strip():
        return say(language, "area_unknown", business=business.name), False
    written = " ".join(business.service_area.split())
    cut = written if len(written) <= _AREA_AT_MOST else written[:_AREA_AT_MOST].rsplit(" ", 1)[0] + "..."
    return say(language, "area", area=cut.rstrip(".")), True


def about_hours(business: Business, wanted: Sequence[Wish], today: date, language: str) -> str:
    """Return the hours of the day that was named, closures included; of the week if none was."""
    days = [wish for wish in wanted if wish.one_day and wish.first]
    if days and days[0].first:
        day = days[0].first
        near = today + timedelta(1) < day < today + timedelta(7)
        name = capitalised(weekday_name(day.weekday(), language) if near else say_day(day, today, language))
        closed = any(first <= day <= last for first, last in business.closures)
        spans = (
            [] if closed else [(opens, closes) for weekday, opens, closes in business.hours if weekday == day.weekday()]
        )
        if not business.hours and not closed:
            return say(language, "always_open")
        if not spans:
            return say(language, "closed_on", day=name)
        return say(language, "open_on", day=name, hours=_spans(spans, language))
    if not business.hours:
        return say(language, "always_open")
    return say(language, "opening", hours=_week(business, language))


def price_of(business: Business, job: Job | None, text: str, language: str) -> tuple[str, str] | None:
    """Return the name and the price of the one estimate that fits what was asked; None if none does, or several do.

    It fits if its name means the job, or shares a telling word with `text`. A price is the business's own words, its
    number or its range; nothing is ever computed.
    """
    asked = set(words(text))
    scores: dict[str, int] = {}
    for name in business.job_estimates:
        telling = set(words(name)) - _ANY_JOB
        shared = sum(1 for word in telling if any(_alike(word, other) for other in asked))
        any_job = any(telling & names and asks.search(fold(text)) for names, asks in (_FOR_COMING, _BY_THE_HOUR))
        meant = job is not None and (fold(name) == job.type or is_about(name, job))
        scores[name] = 4 * any_job + 2 * meant + 3 * (shared == len(telling) > 0) + shared
    best = max(scores.values(), default=0)
    names = [name for name, score in scores.items() if score == best]
    if not best or len(names) > 1:
        return None
    price = _price(business.job_estimates[names[0]], language)
    return (_readable(names[0]), price) if price else None


def _price(value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        low = _price(value.get("min", value.get("from")), language)
        high = _price(value.get("max", value.get("to")), language)
        if low and not high:
            return f"{label(language, 'from')} {low}"
        return f"{low}-{high}" if low != high else low
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return f"${value:,.0f}" if value == int(value) else f"${value:,.2f}"
    return " ".join(str(value).split())[:_VALUE_AT_MOST] if isinstance(value, str) else ""


def _readable(name: str) -> str:
    return name.replace("_", " ").strip()[:60].casefold() if name.isupper() or "_" in name else name.strip()[:60]


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= 4 and (one.startswith(other) or other.startswith(one)))


def _title(place: str) -> str:
    return place.title() if place.islower() else place


def _week(business: Business, language: str) -> str:
    """“Mon-Fri 8 AM-6 PM, Sat 9 AM-1 PM”: days with the same hours together."""
    by_day = [[(opens, closes) for day, opens, closes in business.hours if day == weekday] for weekday in range(7)]
    parts = []
    weekday = 0
    while weekday < 7:
        last = weekday
        while last < 6 and by_day[last + 1] == by_day[weekday]:
            last += 1
        if by_day[weekday]:
            days = weekday_name(weekday, language, short=True)
            if last > weekday:
                days += "-" + weekday_name(last, language, short=True)
            parts.append(f"{days} {_spans(by_day[weekday], language)}")
        weekday = last + 1
    return ", ".join(parts)


def _spans(spans: Sequence[tuple[time, time]], language: str) -> str:
    return ", ".join(f"{clock_time(opens, language)}-{clock_time(closes, language)}" for opens, closes in sorted(spans))
