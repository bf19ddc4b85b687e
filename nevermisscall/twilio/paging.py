"""Long lists of Twilio's, page by page.

The address of the next page holds a token, so records that come meanwhile shift nothing; it can be kept in a row and
followed by another process.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

PAGE_SIZE = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list, newest first. `next_url` is blank on the last one."""

    records: list[T]
    next_url: str


def day_after(moment: datetime) -> datetime:
    """Return the end of the day (UTC) of `moment`, as the upper bound of a list.

    Twilio's documents promise days only for StartTime and DateSent. A moment that is cut to its day is harmless as a
    lower bound; as an upper one it would leave out what came on that day.
    """
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
