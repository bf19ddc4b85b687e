"""Ends a worker process that no longer does what it is there for, so that its supervisor starts another.

It rings itself through the broker, on the connection and by the loop that hear every other doorbell. A worker that
hears nothing for a minute although Redis answers is deaf: all its work would wait for the sweeper for ever. While Redis
is away nobody can hear, and nothing is ended.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import redis
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

from nevermisscall.lib import database
from nevermisscall.outbox import queues, work

QUEUE = f"alive.{socket.gethostname()[:100]}.{os.getpid()}"
QUEUE_EXPIRES_SECONDS = 300  # in Redis, once its worker is gone
RING_EVERY = 5.0
DEAF_AFTER = 60.0
DRAIN_SECONDS = 25.0  # supervisors kill after thirty
EXIT_CODE = os.EX_TEMPFAIL

logger = logging.getLogger(__name__)


_heard_at = monotonic()


def heard() -> None:
    """This process heard its ring."""
    global _heard_at
    _heard_at = monotonic()


class Watchdog:
    """Looks every second, in a worker process. `consumer` is Celery's; `finish` has the process claim no more work."""

    def __init__(self, consumer: Any, *, finish: Callable[[], object]) -> None:
        self._finish = finish
        self._rung_at = monotonic()
        self._answering_since: float | None = None
        self._leave_by: float | None = None
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        # The default exchange: a binding would stay in Redis for each process there ever was.
        consumer.add_task_queue(QUEUE, exchange="", routing_key=QUEUE, expires=QUEUE_EXPIRES_SECONDS)

    def start(self) -> None:
        """Start in the background; it ends with the process."""
        heard()
        self._thread.start()

    def drain(self) -> None:
        """The process is to end; from now on it has `DRAIN_SECONDS` for that."""
        self._leave_by = monotonic() + DRAIN_SECONDS

    def is_deaf(self) -> bool:
        """Ring, and tell whether nothing has been heard for a minute in which Redis answered."""
        now = self._rung_at = monotonic()
        if not self._redis_answers():
            self._answering_since = None
            return False
        if self._answering_since is None:
            self._answering_since = now
        return now - max(_heard_at, self._answering_since) > DEAF_AFTER

    def _redis_answers(self) -> bool:
        from nevermisscall.outbox.tasks import hear

        # On a connection of its own: the one that is doubted cannot say.
        try:
            with redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
            ) as client:
                client.ping()
            hear.apply_async(queue=QUEUE, retry=False)
        except (redis.RedisError, OperationalError, OSError):
            return False
        return True

    def _looks_deaf(self) -> bool:
        try:
            return self.is_deaf()
        except Exception:  # a bug here must not cost the drain, which this thread sees to as well
            logger.exception("the watchdog cannot tell whether this worker hears its doorbells")
            return False

    def _run(self) -> None:
        while True:
            sleep(1.0)
            if self._leave_by is not None:
                if monotonic() > self._leave_by:
                    logger.error("worker ends with work unfinished: it took too long", extra={"seconds": DRAIN_SECONDS})
                    leave()
            elif monotonic() - self._rung_at >= RING_EVERY and self._looks_deaf():
                logger.critical(
                    "worker ends to be started again: it hears no doorbell although Redis answers",
                    extra={"seconds": DEAF_AFTER},
                )
                self._finish()
                patience = monotonic() + DRAIN_SECONDS
                while work.held() and monotonic() < patience:
                    sleep(0.1)
                leave()


def leave() -> None:
    """End the process now, whatever its threads wait for. What it works on is free for others at once."""
    with suppress(Exception), database.limit(database.WEBHOOK_SECONDS):
        work.let_go(queues.every())
    logging.shutdown()
    os._exit(EXIT_CODE)
