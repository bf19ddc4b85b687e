"""The rules' texts (`data/texts_*.toml`), and how they write times: “today at 3 PM”, “el viernes a las 9 am”."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from conversations.ai.rules.reading.data import load
from conversations.ai.rules.reading.wishes import Wish

LANGUAGES = ("en", "es")
_VARIABLE = re.compile(r"\{([a-z0-9_]+)\}")
_TEXTS: dict[str, dict[str, Any]] = {language: load(f"texts_{language}.toml") for language in LANGUAGES}


def say(language: str, key: str, **values: str) -> str:
    """Return our text `key` with its `values`."""
    return _filled(_TEXTS[language][key], values)


def owner_text(language: str, key: str, **values: str) -> str:
    """Return one piece of what the owner reads."""
    return _filled(_TEXTS[language]["owner"][key], values)


def label(language: str, key: str) -> str:
    """Return a word of times, such as “closed”."""
    return str(_TEXTS[language]["labels"][key])


def say_slot(start: datetime, today: date, language: str) -> str:
    """“Today at 3 PM”: a local start as people say it, seen from `today`."""
    return _at(_day(start.date(), language, today=today), start.time(), language)


def say_day(day: date, today: date, language: str) -> str:
    """“Today”, “Sat Mar 21”."""
    return _day(day, language, today=today)


def say_full_slot(start: datetime, language: str, today: date | None = None) -> str:
    """“Today (Wed Mar 4) at 3 PM”; without `today` only the date, for what is read later."""
    return _at(_day(start.date(), language, today=today, full=True), start.time(), language)


def say_slots(starts: Sequence[datetime], today: date, language: str) -> str:
    """“Today at 3 PM, 5 PM or tomorrow at 9 AM”: a day is said once."""
    said = [
        _hour(start.time(), language) if before and before.date() == start.date() else say_slot(start, today, language)
        for before, start in zip((None, *starts), starts, strict=False)
    ]
    return f" {label(language, 'or')} ".join(part for part in (", ".join(said[:-1]), said[-1]) if part)


def say_wish(wish: Wish, language: str, today: date | None = None) -> str:
    """“Thu Mar 5 after 4 PM”, or seen from `today`, “tomorrow after 4 PM”."""
    day = label(language, "any_day")
    if wish.first is not None and wish.last is not None:
        day = _day(wish.first, language, today=today)
        if wish.last != wish.first:
            day = _label(language, "days", day=day, day2=_day(wish.last, language))
    begins, until = wish.begins, wish.until
    if wish.exact and begins:
        return _at(day, begins, language)
    if begins and until:
        return _label(language, "between", day=day, time=_hour(begins, language), time2=_hour(until, language))
    if begins:
        return _label(language, "after", day=day, time=_hour(begins, language))
    if until:
        return _label(language, "before", day=day, time=_hour(until, language))
    return day


def clock_time(at: time, language: str) -> str:
    """“3 PM”, “3:30 pm”, “noon”."""
    if at == time(12) and label(language, "noon"):
        return label(language, "noon")
    half = label(language, "am" if at.hour < 12 else "pm")
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {half}"


def weekday_name(weekday: int, language: str, *, short: bool = False) -> str:
    return str(_TEXTS[language]["labels"]["weekdays" if short else "long_weekdays"][weekday])


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(day: date, language: str, *, today: date | None = None, full: bool = False) -> str:
    labels = _TEXTS[language]["labels"]
    values = {
        "weekday": labels["weekdays"][day.weekday()],
        "month": labels["months"][day.month - 1],
        "number": str(day.day),
    }
    key = "day"
    if today is not None and day in (today, today + timedelta(1)):
        key = ("full_" if full else "") + ("today" if day == today else "tomorrow")
    return _filled(labels[key], values)


def _at(day: str, at: time, language: str) -> str:
    return _label(language, "slot", day=day, time=_hour(at, language))


def _hour(at: time, language: str) -> str:
    """The time as it stands in a sentence: Spanish puts an article before it, “la 1 pm”, “las 3 pm”."""
    article = "" if language != "es" else "la " if at.hour % 12 == 1 else "las "
    return article + clock_time(at, language)


def _label(language: str, key: str, **values: str) -> str:
    return _filled(_TEXTS[language]["labels"][key], values)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


def joined(sentences: Iterable[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
