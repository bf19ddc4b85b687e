"""Time. Pending work is compared with the database's clock, never with a host's: hosts drift, the database is one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Func

_lag: ContextVar[timedelta] = ContextVar("clock_lag", default=timedelta())


class DatabaseClock(Func):
    """`clock_timestamp()`: the database's time now, also late in a transaction (CURRENT_TIMESTAMP stands still)."""

    function = "clock_timestamp"
    arity = 0
    output_field = DateTimeField()


def database_now() -> datetime:
    """Return the database's time, which all due times are set by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def utcnow() -> datetime:
    """Return when what is being done happened: this host's aware UTC time, or an earlier one within `as_of`.

    For what people read. Due times use `DatabaseClock`.
    """
    return datetime.now(UTC) - _lag.get()


def lag() -> timedelta:
    """Return how long ago that is: zero, or more within `as_of`. Add it to when something is due."""
    return _lag.get()


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Within the block, in this thread, things happen at `moment`, when they reached us."""
    token = _lag.set(max(datetime.now(UTC) - moment, timedelta()))
    try:
        yield
    finally:
        _lag.reset(token)
