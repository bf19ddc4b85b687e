"""How long webhooks take. Each process counts in memory; a thread adds it up in the database, a row a minute and kind.

Counting costs a webhook a microsecond. A process that is killed loses what it counted in the last seconds.
"""

import logging
import threading
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection

from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.webhooks.models import WebhookMinute

EVERY_SECONDS = 10.0
SLOW_MS = 500  # what is promised for a webhook at most
KEPT = timedelta(days=2)
MOST_ROWS = 600  # that wait while the database is away: an hour's

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Sum:
    """What happened in one minute to webhooks of one kind."""

    answered: int = 0
    failed: int = 0
    slow: int = 0
    unrecorded: int = 0
    total_ms: float = 0.0
    slowest_ms: float = 0.0

    def add(self, other: "_Sum") -> None:
        self.answered += other.answered
        self.failed += other.failed
        self.slow += other.slow
        self.unrecorded += other.unrecorded
        self.total_ms += other.total_ms
        self.slowest_ms = max(self.slowest_ms, other.slowest_ms)


_sums: dict[tuple[datetime, str], _Sum] = {}
_lock = threading.Lock()


def note(kind: str, *, seconds: float, status_code: int) -> None:
    """Count one webhook. Those that were refused are not counted: most of them are not Twilio's."""
    if 400 <= status_code < 500:
        return
    ms = seconds * 1000
    failed, slow = int(status_code >= 500), int(ms > SLOW_MS)
    _add({(_minute(), kind): _Sum(answered=1, failed=failed, slow=slow, total_ms=ms, slowest_ms=ms)})


def note_unrecorded(kind: str) -> None:
    """Count one webhook of somebody on the line that was answered and is nowhere: no database, no journal."""
    _add({(_minute(), kind): _Sum(unrecorded=1)})


class Writer:
    """The thread that writes down what this process counts, every few seconds."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook-timing", daemon=True)

    def start(self) -> None:
        """Start in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Write down the rest and end."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        ends = False
        while not ends:
            ends = self._stop.wait(EVERY_SECONDS)
            try:
                flush()
            except Exception:
                logger.warning("could not write down how long webhooks took; trying again", exc_info=True)
            connection.close()


def flush() -> None:
    """Write down what was counted. While the database is away it is kept, up to an hour of it."""
    with _lock:
        counted = dict(_sums)
        _sums.clear()
    if not counted:
        return
    try:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, [(*key, *astuple(each)) for key, each in sorted(counted.items())])
    except (DatabaseError, InterfaceError):
        _add(counted)
        raise


def forget_old() -> int:
    """Delete the minutes that no figure looks at any more. Returns how many rows there were."""
    return WebhookMinute.objects.filter(minute__lt=DatabaseClock() - KEPT).delete()[0]


def _minute() -> datetime:
    return utcnow().replace(second=0, microsecond=0)


def _add(counted: dict[tuple[datetime, str], _Sum]) -> None:
    with _lock:
        for key, each in counted.items():
            _sums.setdefault(key, _Sum()).add(each)
        for key in sorted(_sums)[:-MOST_ROWS]:
            del _sums[key]


_ADD = """
    INSERT INTO webhooks_webhookminute AS sums (minute, kind, answered, failed, slow, unrecorded, total_ms, slowest_ms)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (minute, kind) DO UPDATE SET
        answered = sums.answered + excluded.answered,
        failed = sums.failed + excluded.failed,
        slow = sums.slow + excluded.slow,
        unrecorded = sums.unrecorded + excluded.unrecorded,
        total_ms = sums.total_ms + excluded.total_ms,
        slowest_ms = greatest(sums.slowest_ms, excluded.slowest_ms)
"""
