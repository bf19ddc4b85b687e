"""A time that somebody named: days and hours on the wall, as wide as “next week” or as narrow as “3 pm today”."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time

_HALF_DAY = 12


@dataclass(frozen=True, slots=True)
class Wish:
    """When somebody wants, offers or refuses a visit to begin.

    Wall-clock values without a zone: slots are compared by what their clock shows, so a change to daylight saving
    time between now and then moves nothing. None means any. `loose`: 3 may be 3 in the morning or in the afternoon.
    """

    first: date | None = None
    last: date | None = None
    begins: time | None = None  # earliest start
    ends: time | None = None  # latest start
    loose: bool = False
    refused: bool = False  # “not on Friday”

    @property
    def exact(self) -> bool:
        """One point on the clock, though perhaps on several days."""
        return self.begins is not None and self.begins == self.ends

    @property
    def has_day(self) -> bool:
        return self.first is not None

    @property
    def one_day(self) -> bool:
        return self.first is not None and self.first == self.last

    @property
    def has_time(self) -> bool:
        return self.begins is not None or self.ends is not None

    @property
    def until(self) -> time | None:
        """The time before which a visit must begin: 5 pm where the latest start is 4:59."""
        if self.ends is None or self.ends >= time(23, 59):
            return None
        minutes = self.ends.hour * 60 + self.ends.minute + 1
        return time(minutes // 60, minutes % 60)

    def on(self, other: "Wish") -> "Wish":
        """Return this wish on the days of `other`."""
        return replace(self, first=other.first, last=other.last)

    def at(self, other: "Wish") -> "Wish":
        """Return this wish at the hours of `other`."""
        return replace(self, begins=other.begins, ends=other.ends, loose=other.loose)

    def allows_day(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def allows(self, start: datetime) -> bool:
        """Tell whether a visit may begin at `start`, which is local. Says nothing of `refused`."""
        clock = start.time()
        return self.allows_day(start.date()) and (
            self._within(clock) or (self.loose and self._within(_other_half(clock)))
        )

    def _within(self, clock: time) -> bool:
        return (self.begins is None or self.begins <= clock) and (self.ends is None or clock <= self.ends)


def _other_half(clock: time) -> time:
    return clock.replace(hour=(clock.hour + _HALF_DAY) % 24)


# Where in a text it begins and ends. None: no wish, but words that mean nothing else either, such as “last night”.
Found = tuple[int, int, Wish | None]
