"""gunicorn: threads, because a webhook waits for PostgreSQL and little else (docs/performance.md)."""

import os
import socket
import struct
from typing import Any

from gunicorn.workers import gthread

_production = os.environ.get("DJANGO_ENV") == "production"

_address = "0.0.0.0" if _production else "127.0.0.1"  # noqa: S104 - in production a proxy is in front

bind = f"{_address}:{os.environ.get('PORT', '3701')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
preload_app = True  # One that takes a killed one's place serves at once; loading takes seconds on a busy machine.
keepalive = 30  # Seconds; longer than a proxy's own, or it meets a closing connection.
graceful_timeout = 30  # Seconds; no request is cut at a restart.
accesslog = None  # RequestLogMiddleware writes one line for each request.
# A thread is for a request that is here. Who has sent nothing waits without one, after this many seconds; who breaks
# off in the middle loses it after READ_SECONDS. More can only be done by the proxy in front, which reads requests whole
# before it passes them on (docs/operations.md).
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.05
READ_SECONDS = 3
control_socket_disable = True  # Its default path is one per user: two copies would fight over it.

# What the server itself ends for a web process, in milliseconds: a webhook that waits for a row is kept in the journal
# after a second, before the wait counts as a frozen database (nevermisscall/lib/database.py). libpq reads this
# variable; set it empty for a pooler that refuses `options`.
os.environ.setdefault(
    "PGOPTIONS", "-c lock_timeout=1000 -c statement_timeout=20000 -c idle_in_transaction_session_timeout=30000"
)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nevermisscall.settings")

_beside: list[Any] = []  # threads of a web process


def on_starting(server: object) -> None:
    """Refuse to start without a place for the journal."""
    from nevermisscall.webhooks.journal import files

    try:
        files.make_ready()
    except files.JournalError as error:
        raise SystemExit(str(error)) from error


def when_ready(server: Any) -> None:
    """Load what a first request would load, once, before the processes are forked, and limit each connection."""
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    for listener in server.LISTENERS:  # what is accepted inherits it
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", READ_SECONDS, 0))


def post_worker_init(worker: object) -> None:
    """Start what each process runs beside its requests. After the fork: a thread would not survive it."""
    from nevermisscall.lib import clock
    from nevermisscall.reconciling.scheduling import after_outage
    from nevermisscall.webhooks import timing
    from nevermisscall.webhooks.journal.courier import Courier
    from tenants import routing

    routing.table.listen()
    for thread in (clock.Follower(), timing.Writer(), Courier(after_outage=after_outage, was_away=True)):
        thread.start()
        _beside.append(thread)


def worker_exit(server: object, worker: object) -> None:
    """End what runs beside, when the last request is answered: the courier between two webhooks."""
    while _beside:
        _beside.pop().stop()
