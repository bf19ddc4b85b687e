"""Time. Pending work is compared with the database's clock, never with a host's: hosts drift, the database is one."""

from datetime import UTC, datetime

from django.db.models import DateTimeField, Func


class DatabaseClock(Func):
    """`clock_timestamp()`: the database's time now, also late in a transaction (CURRENT_TIMESTAMP stands still)."""

    function = "clock_timestamp"
    arity = 0
    output_field = DateTimeField()


def utcnow() -> datetime:
    """Return this host's aware UTC time, for what people read. Due times use `DatabaseClock`."""
    return datetime.now(UTC)
