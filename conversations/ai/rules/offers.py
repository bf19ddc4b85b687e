"""Which free times to offer: those that suit, else the nearest; at most three, far apart rather than in a row."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from conversations.ai.protocol import Slot
from conversations.ai.rules.reading.wishes import Wish

AT_MOST = 3
_APART = timedelta(hours=2)

Starts = Sequence[datetime]  # local, without a zone, as the wall clock shows them


def by_start(slots: Iterable[Slot], now: datetime, zone: ZoneInfo) -> Mapping[datetime, Slot]:
    """Return the slots that begin after `now` by their local start, the soonest first.

    Where the clock shows the same time twice, in the hour that daylight saving time gives back, the first is meant.
    """
    found: dict[datetime, Slot] = {}
    for slot in sorted(slots, key=lambda slot: slot.start):
        if slot.start > now:
            found.setdefault(slot.start.astimezone(zone).replace(tzinfo=None), slot)
    return found


def suiting(starts: Iterable[datetime], wanted: Sequence[Wish], refused: Sequence[Wish]) -> list[datetime]:
    """Return the starts that one of the wishes allows and nothing refuses; without wishes, all that is not refused.

    “At 3” is 3 in the afternoon; 3 in the morning only where nothing else is free.
    """
    allowed = [start for start in starts if not any(wish.allows(start) for wish in refused)]
    if not wanted:
        return allowed
    surely = [start for start in allowed if any(_strict(wish).allows(start) for wish in wanted)]
    return surely or [start for start in allowed if any(wish.allows(start) for wish in wanted)]


def spread(starts: Starts) -> list[datetime]:
    """Return up to three of sorted `starts`: the soonest, then other mornings and afternoons; else far apart in one."""
    chosen: list[datetime] = []
    for start in starts:
        halves = {(other.date(), other.hour < 12) for other in chosen}
        if not chosen or ((start.date(), start.hour < 12) not in halves and start - chosen[-1] >= _APART):
            chosen.append(start)
    chosen = chosen[:AT_MOST]
    while len(chosen) < min(AT_MOST, len(starts)):
        rest = (start for start in starts if start not in chosen)
        chosen.append(max(rest, key=lambda start: min(abs(start - other) for other in chosen)))
    return sorted(chosen)


def soonest(starts: Starts) -> list[datetime]:
    return sorted(starts)[:AT_MOST]


def nearest(starts: Starts, wanted: Sequence[Wish]) -> list[datetime]:
    """Return up to three of `starts` that lie nearest to what was wanted, in their order."""
    points = [point for wish in wanted for point in _points(wish, starts)]
    if not points:
        return spread(starts)
    return sorted(sorted(starts, key=lambda start: (min(abs(start - point) for point in points), start))[:AT_MOST])


def _strict(wish: Wish) -> Wish:
    return Wish(wish.first, wish.last, wish.begins, wish.ends)


def _points(wish: Wish, starts: Starts) -> list[datetime]:
    """The moments that a wish means: its days at its hour, or the middle of them."""
    at = wish.begins or wish.ends
    if wish.first is None or wish.last is None:
        days = sorted({start.date() for start in starts})[:1]
    else:
        days = [wish.first + timedelta(day) for day in range(min((wish.last - wish.first).days, 7) + 1)]
    return [datetime.combine(day, at or time(12)) for day in days]
