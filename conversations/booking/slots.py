"""Free times for visits. Pure: no database and no clock.

Opening hours are wall-clock times. One that falls into an hour which the clock skips or shows twice counts as the later
moment for opening and the earlier one for closing: whatever is offered is inside the hours, as `tenants.is_open` sees
them; at worst an hour of one night a year is not offered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from conversations.ai.protocol import Slot
from tenants.models import MIDNIGHT

Hours = Sequence[tuple[int, time, time]]

STEP = timedelta(minutes=30)  # visits begin at the opening, half an hour later, and so on
DAYS_AHEAD = 14
# A business that names no hours takes calls day and night; visits are offered Monday to Saturday, 8 to 18.
DEFAULT_HOURS: Hours = tuple((weekday, time(8), time(18)) for weekday in range(6))


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a business makes visits."""

    zone: str
    hours: Hours  # weekday (Monday 0), opens, closes; wall clock; none: DEFAULT_HOURS
    closures: Sequence[tuple[date, date]]  # first and last closed day

    def openings(self, first: date, last: date) -> list[Slot]:
        """Return the times at which it is open on the days from `first` to `last`, in order; none touch."""
        zone = ZoneInfo(self.zone)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return merged(
            Slot(_moment(day, opens, zone, max), _closing(day, closes, zone))
            for day in days
            if not any(start <= day <= end for start, end in self.closures)
            for weekday, opens, closes in self.hours or DEFAULT_HOURS
            if weekday == day.weekday()
        )

    def day_of(self, moment: datetime) -> date:
        """Return the day on which `moment` is there."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


def free(
    timetable: Timetable, taken: Iterable[Slot], *, length: timedelta, earliest: datetime, days: int = DAYS_AHEAD
) -> Iterator[Slot]:
    """Yield the slots of `length` that are free from `earliest` on, for `days` days, in order. They may overlap."""
    first = timetable.day_of(earliest)
    busy = merged(taken)
    for opening in timetable.openings(first, first + timedelta(days=days - 1)):
        start = opening.start
        while start + length <= opening.end:
            if start >= earliest and not overlaps(busy, Slot(start, start + length)):
                yield Slot(start, start + length)
            start += STEP


def fits(timetable: Timetable, taken: Iterable[Slot], wanted: Slot) -> bool:
    """Tell whether `wanted` lies inside the hours and clear of what is taken, on the grid of `free` or not."""
    first, last = timetable.day_of(wanted.start), timetable.day_of(wanted.end)
    inside = any(
        opening.start <= wanted.start and wanted.end <= opening.end for opening in timetable.openings(first, last)
    )
    return inside and not overlaps(taken, wanted)


def nearest(slots: Iterable[Slot], around: datetime, limit: int) -> list[Slot]:
    """Return the `limit` slots that begin nearest to `around`, in order of time."""
    by_distance = sorted(slots, key=lambda slot: (abs(slot.start - around), slot.start))
    return sorted(by_distance[:limit], key=lambda slot: slot.start)


def overlaps(taken: Iterable[Slot], wanted: Slot) -> bool:
    """Tell whether any of `taken` has a moment in common with `wanted`. An end is not part of its slot."""
    return any(slot.start < wanted.end and wanted.start < slot.end for slot in taken)


def merged(slots: Iterable[Slot]) -> list[Slot]:
    """Return the same times in order, with what overlaps or touches made one and what is empty left out."""
    found: list[Slot] = []
    for slot in sorted((slot for slot in slots if slot.start < slot.end), key=lambda slot: slot.start):
        if found and slot.start <= found[-1].end:
            found[-1] = Slot(found[-1].start, max(found[-1].end, slot.end))
        else:
            found.append(slot)
    return found


def common(several: Sequence[Iterable[Slot]]) -> list[Slot]:
    """Return the times that are in every one of `several`."""
    return reduce(_both, map(merged, several)) if several else []


def _both(one: list[Slot], other: list[Slot]) -> list[Slot]:
    return merged(Slot(max(a.start, b.start), min(a.end, b.end)) for a in one for b in other)


def _closing(day: date, closes: time, zone: ZoneInfo) -> datetime:
    return _moment(day + timedelta(days=1) if closes == MIDNIGHT else day, closes, zone, min)


def _moment(day: date, wall: time, zone: ZoneInfo, choose: Callable[..., datetime]) -> datetime:
    return choose(datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
