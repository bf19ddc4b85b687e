"""Time. Everything that decides goes by the database's clock, never by a host's: hosts drift, the database is one."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from time import monotonic

from django.db import connection
from django.db.models import DateTimeField, Func

from nevermisscall.lib import database

EVERY_SECONDS = 10.0
FAR_OFF = timedelta(seconds=1)

logger = logging.getLogger(__name__)

_moment: ContextVar[datetime | None] = ContextVar("clock_moment", default=None)
_heard: tuple[datetime, float] | None = None  # the database's time, and this host's monotonic clock at that moment


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


def now() -> datetime:
    """Return the database's aware UTC time, without a round trip: see `Follower`."""
    if _heard is None:
        return datetime.now(UTC)
    at, moment = _heard
    return at + timedelta(seconds=monotonic() - moment)


def utcnow() -> datetime:
    """Return when what is being done happened: now, or earlier within `as_of`.

    What is due is written and compared with `DatabaseClock` all the same.
    """
    return _moment.get() or now()


def lag() -> timedelta:
    """Return how long ago that is: zero, or more within `as_of`. Add it to when something is due."""
    moment = _moment.get()
    return timedelta() if moment is None else now() - moment


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Within the block, in this thread, things happen at `moment`, when they reached us.

    That stands still: what came a moment later must not count as earlier because this took its time.
    """
    token = _moment.set(min(moment, now()))
    try:
        yield
    finally:
        _moment.reset(token)


class Follower:
    """The thread that asks the database for the time, in every web and worker process, every ten seconds.

    In between, and while the database is away, the host's monotonic clock counts on: nobody sets that one. A process
    without a follower (a command, a test) goes by the host's clock.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Ask once, then in the background."""
        self._try()
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self._try()

    def _try(self) -> None:
        try:
            _ask()
        except Exception:
            logger.warning("the database does not tell the time; this process goes on by what it last said")
        finally:
            connection.close()


def _ask() -> None:
    """Learn the database's time, to half of what the question takes."""
    global _heard
    with database.limit(database.WEBHOOK_SECONDS), connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # connecting is not part of the question
        before = monotonic()
        cursor.execute("SELECT clock_timestamp()")
        [at] = cursor.fetchone()
        moment = (before + monotonic()) / 2
    if _heard is None and abs(at - datetime.now(UTC)) > FAR_OFF:
        off = (datetime.now(UTC) - at).total_seconds()
        logger.warning("this host's clock is wrong; the database's counts", extra={"seconds": round(off, 1)})
    _heard = (at, moment)
