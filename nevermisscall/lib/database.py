"""When PostgreSQL is away or frozen: how long a request waits for it, and that the next ones do not wait at all.

A server that is gone refuses connections at once. A frozen one (a stopped process, a hung disk, a lost network) answers
nothing and enforces no `statement_timeout`, so a thread of ours ends the wait from this side: it shuts the socket down.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.http import HttpRequest, HttpResponseBase
from psycopg.pq import TransactionStatus

WEBHOOK_SECONDS = 1.5  # somebody hears silence meanwhile
PAGE_SECONDS = 20.0  # everything else: long enough for the slowest page, short enough that threads come back
OPEN_SECONDS = 1.0  # how long nobody tries after a failure
LOOK_EVERY = 0.1

# What a server says that is there but will not serve: connection exceptions, shutting down, starting up, no place left
# for another connection or on its disk, and a replica that is no primary (yet). https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY = ("08", "57P01", "57P02", "57P03", "53300", "53100", "25006")


class Breaker:
    """Whether it is worth asking the database, in this process. It closes by itself, so nobody has to remember to."""

    def __init__(self) -> None:
        self._open_until = 0.0
        self._trying = threading.local()

    @property
    def is_open(self) -> bool:
        """Whether the database was away a moment ago."""
        return monotonic() < self._open_until

    @property
    def refuses(self) -> bool:
        """Whether this thread should ask nothing of the database."""
        return self.is_open and not getattr(self._trying, "out", False)

    @contextmanager
    def half_open(self) -> Iterator[None]:
        """Let this thread, and no other, ask the database all the same."""
        self._trying.out = True
        try:
            yield
        finally:
            self._trying.out = False

    def trip(self, seconds: float = OPEN_SECONDS) -> None:
        """Ask nothing of the database for so long, or longer if that was said before."""
        self._open_until = max(self._open_until, monotonic() + seconds)

    def close(self) -> None:
        """The database is there."""
        self._open_until = 0.0


breaker = Breaker()


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code for what went wrong; empty if it could not say."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def is_away(error: BaseException) -> bool:
    """Tell whether `error` says that the database serves nobody, rather than that it refused a statement."""
    if not isinstance(error, OperationalError | InterfaceError) and sqlstate(error) != "25006":
        return False
    code = sqlstate(error)
    return not code or code.startswith(_AWAY)


def explanation(error: BaseException) -> str:
    """Return what to tell the operator of a command that ended because the database `is_away`."""
    return (
        f"DATABASE_URL: PostgreSQL does not answer as it should ({str(error).partition(chr(10))[0]}). Start it, or "
        "mend the variable."
    )


class limit:
    """Let this thread wait no longer than `seconds` for an answer of the server; then its connection is shut down.

    What waits gets an `OperationalError`. Time spent otherwise does not count, and connecting has a limit of its own,
    `connect_timeout`. `overdue` tells whether the connection was shut down.
    """

    __slots__ = ("_seconds", "_since", "_wrapper", "overdue")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = monotonic()
        self._wrapper: Any = connections[DEFAULT_DB_ALIAS]  # this thread's own
        self.overdue = False

    def __enter__(self) -> "limit":
        _watchdog.watch(self)
        return self

    def __exit__(self, *_: object) -> None:
        _watchdog.forget(self)

    def look(self, now: float, *, in_vain: bool) -> None:
        """Shut the connection down if it has waited too long, or waits `in_vain`; its thread will replace it."""
        held = self._wrapper.connection
        if held is None or held.pgconn.transaction_status != TransactionStatus.ACTIVE:
            self._since = now
        elif not self.overdue and (in_vain or now - self._since > self._seconds):
            self.overdue = True
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(held.fileno())) as duplicate:
                duplicate.shutdown(socket.SHUT_RDWR)


class _Watchdog:
    """One thread of the process looks at all limits ten times a second; a timer for each request would cost more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limits: set[limit] = set()
        self._pid = 0

    def watch(self, one: limit) -> None:
        with self._lock:
            self._limits.add(one)
            if self._pid != os.getpid():  # threads do not survive gunicorn's fork
                self._pid, self._limits = os.getpid(), {one}
                threading.Thread(target=self._run, name="database-watchdog", daemon=True).start()

    def forget(self, one: limit) -> None:
        # Under the lock, so that a connection is never shut down for a request that is over.
        with self._lock:
            self._limits.discard(one)

    def look(self, *, in_vain: bool = False) -> None:
        """Look at every limit. `in_vain`: the server is known to be frozen, so nobody needs to wait on."""
        now = monotonic()
        with self._lock:
            for one in self._limits:
                one.look(now, in_vain=in_vain)

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_EVERY):
            if self._limits:
                self.look()


_watchdog = _Watchdog()


def answers() -> bool:
    """Ask the database for a sign of life, on a new connection, and tell whether it gave one within two seconds.

    If it does not even refuse, it is frozen: whatever waits for it in this process waits in vain, and is cut.
    """
    connection.close()
    try:
        with limit(WEBHOOK_SECONDS), connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")  # also on a replica, and on a primary that is about to be one
            [read_only] = cursor.fetchone()
    except (OperationalError, InterfaceError) as error:
        connection.close()
        if isinstance(error.__cause__, psycopg.errors.ConnectionTimeout):
            _watchdog.look(in_vain=True)
        return False
    return bool(read_only == "off")


class PageLimit:
    """Middleware: a page or an API request gives its thread back although PostgreSQL is frozen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with limit(WEBHOOK_SECONDS if breaker.refuses else PAGE_SECONDS):
            return self.get_response(request)
