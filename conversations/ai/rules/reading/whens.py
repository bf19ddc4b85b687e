"""Which times a text names: “tomorrow after 4, or Friday at 10” is two wishes, “not Friday” a refused one.

Only what the text says, as seen from the moment it was written; whether anything is free then is `offers`' business.
"""

import re
from dataclasses import replace
from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from conversations.ai.rules.reading.clocktimes import find_times
from conversations.ai.rules.reading.days import find_days
from conversations.ai.rules.reading.folding import fold
from conversations.ai.rules.reading.wishes import Wish

_CORRECTS = re.compile(
    r"\b(?:actually|no wait|wait no|i mean|i meant|sorry|scratch that|mejor|perdon|digo|quise decir)\b"
)
_NEW_SENTENCE = re.compile(r"[.!?;](?:\s|$)|\b(?:or|o|and then|but|pero)\b")
_OR = re.compile(r"\b(?:or|o|and|y)\b|,|/|^\s*$")
_REFUSED_BEFORE = re.compile(
    r"(?<!why )(?<!if )\b(?:not|cant|cannot|wont|dont|except|unless|excepto|menos|no puedo|ni|neither|busy|ocupad[oa])"
    r"(?! you)(?: [a-z]+){0,3} ?$"
)
_REFUSED_AFTER = re.compile(
    r"^ ?(?:at all |for me |me |[a-z]+ )?(?:not?\b(?! (?:problem|hay problema|worries|rush))|isnt|doesnt|does not"
    r"|is not|wont|cant|tampoco|is (?:taken|booked|bad|too))"
)
_HOME_BEFORE = re.compile(
    r"\b(?:get (?:off|out|home|back|in)|gets? off|off work|leave work|(?:be|am|are|im) (?:home|back|off|there|free)"
    r"|salgo|llego|regreso|estoy en casa|me desocupo)(?: [a-z]+){0,3} ?$"
)
_AWAY_BEFORE = re.compile(
    r"\b(?:work|working|out|gone|not (?:home|here)|trabajo|trabajando|no estoy)(?: [a-z]+){0,2} ?$"
)
_CLAUSE = re.compile(r"[,.;!?]| but | pero ")


def read_wishes(text: str, said_at: datetime, zone: ZoneInfo) -> tuple[Wish, ...]:
    """Return the times that `text` names, in its order, as meant by somebody who writes at `said_at` in `zone`.

    Times of today that were over by then are left out: “it broke this morning” asks for nothing.
    """
    return _read(fold(text), said_at.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None))


@lru_cache(maxsize=512)
def _read(text: str, now: datetime) -> tuple[Wish, ...]:
    wishes: list[tuple[int, int, Wish]] = []
    for start, end, atom in _atoms(text, now):
        if wishes and (merged := _merge(wishes[-1][2], atom)) and _belong(text[wishes[-1][1] : start]):
            wishes[-1] = (wishes[-1][0], end, merged)
        else:
            wishes.append((start, end, atom))
    wishes = _inherit(text, _after_correction(text, [_from_then(text, found) for found in wishes]))
    return tuple(
        replace(wish, refused=_is_refused(text, start, end)) for start, end, wish in wishes if not _is_over(wish, now)
    )


def _atoms(text: str, now: datetime) -> list[tuple[int, int, Wish]]:
    """The days and times in the text, none inside another; those that say what is past are dropped with their words."""
    days: list[tuple[int, int, Wish | None]] = []
    for start, end, wish in find_days(text, now.date(), now):
        if all(end <= other[0] or other[1] <= start for other in days):
            days.append((start, end, wish))
    atoms = list(days)
    for start, end, wish in find_times(text, now.date(), [(start, end) for start, end, _ in days]):
        if all(end <= other[0] or other[1] <= start for other in atoms):
            atoms.append((start, end, wish))
    return sorted(((start, end, wish) for start, end, wish in atoms if wish), key=lambda atom: atom[:2])


def _belong(between: str) -> bool:
    return len(between) <= 25 and not _NEW_SENTENCE.search(between)


def _merge(one: Wish, other: Wish) -> Wish | None:
    """Return both as one wish; None if they are two."""
    if one.has_day and other.has_day and (one.first, one.last) != (other.first, other.last):
        return None
    days = one if one.has_day else other
    if one.has_time and other.has_time:
        hours = _narrow(one, other) or _narrow(other, one) or _overlap(one, other)
        return hours.on(days) if hours else None
    return (one if one.has_time else other).on(days)


def _narrow(exact: Wish, window: Wish) -> Wish | None:
    """“3” and “in the afternoon” is 3 pm."""
    if not exact.exact or window.exact or exact.begins is None:
        return None
    for at in (exact.begins, exact.begins.replace(hour=(exact.begins.hour + 12) % 24)):
        if (window.begins or time.min) <= at <= (window.ends or time.max) and (exact.loose or at == exact.begins):
            return Wish(begins=at, ends=at)
    return None


def _overlap(one: Wish, other: Wish) -> Wish | None:
    """“This afternoon” and “after 3” is from 3 to the end of the afternoon."""
    if one.exact or other.exact:
        return None
    begins = max(one.begins or time.min, other.begins or time.min)
    ends = min(one.ends or time.max, other.ends or time.max)
    return Wish(begins=begins, ends=ends) if begins < ends else None


def _from_then(text: str, found: tuple[int, int, Wish]) -> tuple[int, int, Wish]:
    """“I get home at 5” and “I work until 5”: from 5 on."""
    start, end, wish = found
    before = _CLAUSE.split(text[max(0, start - 60) : start])[-1]
    if wish.exact and _HOME_BEFORE.search(before):
        return start, end, replace(wish, ends=None, loose=False)
    if wish.until and wish.begins is None and _AWAY_BEFORE.search(before):
        return start, end, replace(wish, begins=wish.until, ends=None)
    return found


def _after_correction(text: str, wishes: list[tuple[int, int, Wish]]) -> list[tuple[int, int, Wish]]:
    """“Tomorrow, no wait, Friday” is Friday."""
    for place in range(len(wishes) - 1, 0, -1):
        if _CORRECTS.search(text[wishes[place - 1][1] : wishes[place][0]]):
            start, end, wish = wishes[place]
            before = wishes[place - 1][2]
            wishes[place] = (start, end, wish if wish.has_day else wish.on(before))
            return wishes[place:]
    return wishes


def _inherit(text: str, wishes: list[tuple[int, int, Wish]]) -> list[tuple[int, int, Wish]]:
    """“Today at 3 or 5”, “Monday or Tuesday at 10”, “Friday is best. 10 am?”: what one lacks, another says."""
    if len(wishes) == 2 and (merged := _merge(wishes[0][2], wishes[1][2])) and not _has_or(text, wishes):
        both = wishes[0][2], wishes[1][2]
        if both[0].has_day != both[1].has_day and both[0].has_time != both[1].has_time:
            return [(wishes[0][0], wishes[1][1], merged)]
    full = list(wishes)
    for place in range(1, len(full)):
        start, end, wish = full[place]
        if not wish.has_day and full[place - 1][2].has_day:
            full[place] = (start, end, wish.on(full[place - 1][2]))
    for place in range(len(full) - 2, -1, -1):
        start, end, wish = full[place]
        following = full[place + 1]
        if not wish.has_time and following[2].has_time and _OR.search(text[end : following[0]]):
            full[place] = (start, end, wish.at(following[2]))
    return full


def _has_or(text: str, wishes: list[tuple[int, int, Wish]]) -> bool:
    return re.search(r"\b(?:or|o)\b", text[wishes[0][1] : wishes[1][0]]) is not None


def _is_refused(text: str, start: int, end: int) -> bool:
    before = _CLAUSE.split(text[max(0, start - 60) : start])[-1]
    after = _CLAUSE.split(text[end : end + 40])[0]
    return bool(_REFUSED_BEFORE.search(before) or _REFUSED_AFTER.search(after))


def _is_over(wish: Wish, now: datetime) -> bool:
    return wish.last is not None and (wish.last, wish.ends or time.max) < (now.date(), now.time()) and not wish.exact
