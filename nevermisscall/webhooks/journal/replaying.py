"""Hand the webhooks of the journal to their views again, in the order in which they came.

Receipts make that safe to repeat, so nothing is remembered on disk: a file goes when all that is in it is recorded.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from time import monotonic
from urllib.parse import unquote_to_bytes

from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, InterfaceError, connection
from django.urls import resolve

from nevermisscall.lib import clock, database
from nevermisscall.lib.database import breaker
from nevermisscall.lib.logs import log_context
from nevermisscall.webhooks.journal import files, poison
from nevermisscall.webhooks.journal.files import Segment
from nevermisscall.webhooks.journal.records import Record
from nevermisscall.webhooks.views import TwilioWebhookView

FILES_AT_ONCE = 40  # of 1 MiB at most
SECONDS_FOR_ONE = 5.0
# Seconds for what the database refuses for reasons that may pass: a lock, such as that of a migration that builds an
# index, or of a frozen process. Who calls meanwhile is answered from memory.
LET_PASS = 60.0

logger = logging.getLogger(__name__)


class DatabaseAway(Exception):
    """The database is away again: what is left waits."""


@dataclass(slots=True)
class Progress:
    """What one round did."""

    recorded: int = 0
    set_aside: int = 0
    left: int = 0  # to be tried again in the next round


class Replayer:
    """Goes through the directory, round by round. For one thread, which `files.held` the directory."""

    def __init__(self) -> None:
        self._done: set[str] = set()  # in files that are still being written
        self._refused_since: dict[str, float] = {}

    def round(self, carry_on: Callable[[], bool] = lambda: True) -> Progress:
        """Record what waits in the oldest files. Raises `DatabaseAway`, and `OSError` for the directory."""
        paths = files.waiting()
        segments = [files.read(path) for path in paths[:FILES_AT_ONCE]]
        progress = Progress()
        for record in _in_order(self._open(segments), paths[FILES_AT_ONCE:]):
            if not carry_on():
                return progress
            self._record(record, progress)
        for segment in segments:
            if segment.is_sealed and not any(self._open([segment])):
                self._delete(segment)
        return progress

    def _open(self, segments: Iterable[Segment]) -> Iterable[Record]:
        return (record for segment in segments for record in segment.records if record.id not in self._done)

    def _record(self, record: Record, progress: Progress) -> None:
        try:
            with log_context(request_id=record.id), clock.as_of(record.received_at), breaker.half_open():
                record_again(record)
        except (DatabaseError, InterfaceError) as error:
            if database.is_away(error):
                connection.close()
                raise DatabaseAway from error
            self._failed(record, error, progress, may_pass=bool(database.sqlstate(error).startswith(_MAY_PASS)))
        except Exception as error:
            # A bug, or a webhook that should have been refused: it must not hold up the others.
            self._failed(record, error, progress, may_pass=False)
        else:
            progress.recorded += 1
            self._done.add(record.id)

    def _failed(self, record: Record, error: Exception, progress: Progress, *, may_pass: bool) -> None:
        if may_pass and monotonic() - self._refused_since.setdefault(record.id, monotonic()) < LET_PASS:
            logger.warning("a webhook of the journal is tried again", extra={"journal_id": record.id})
            progress.left += 1
            return
        logger.error("a webhook of the journal cannot be recorded", exc_info=error)
        poison.set_aside(record.because(f"{type(error).__name__}: {error}"))
        self._done.add(record.id)
        progress.set_aside += 1

    def _delete(self, segment: Segment) -> None:
        for damage in segment.damaged:
            poison.set_aside(damage)
        segment.path.unlink(missing_ok=True)
        for record in segment.records:
            self._done.discard(record.id)
            self._refused_since.pop(record.id, None)


def _in_order(records: Iterable[Record], later: Sequence[Path]) -> list[Record]:
    """Return the records by time, without those that came after the first of the `later` files was begun.

    The files of several processes overlap: what came before those may be in that file. Nothing is held back where it
    would be all, as with more processes than files are read.
    """
    ordered = sorted(records, key=lambda record: record.received_at)
    if not later:
        return ordered
    return [record for record in ordered if files.moment(record.received_at) < later[0].name] or ordered


# Serialization, deadlock; lock not available; canceled by a timeout; out of disk or memory.
_MAY_PASS = ("40", "55P03", "57014", "53")


def record_again(record: Record) -> None:
    """Do the work of one webhook, as its view does when it comes. Raises whatever goes wrong."""
    request = _request(record)
    match = resolve(request.path_info)
    view: TwilioWebhookView = match.func.view_class()  # type: ignore[attr-defined]
    view.replay(request, record, match.kwargs, seconds=SECONDS_FOR_ONE)


def _request(record: Record) -> WSGIRequest:
    path, _, query = record.uri.partition("?")
    environ = {
        "REQUEST_METHOD": record.method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": record.uri,
        "HTTP_I_TWILIO_IDEMPOTENCY_TOKEN": record.token,
        "wsgi.input": BytesIO(),
    }
    return WSGIRequest(environ)
