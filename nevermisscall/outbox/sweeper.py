"""The guarantee: a thread in every worker process that does due rows, with or without a broker.

Celery makes work prompt; this makes it certain. A row whose ring was lost is found within a quarter of a second, a row
whose worker was killed when its lease ends (15 s).
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from nevermisscall.outbox import heartbeats, queues, work
from nevermisscall.outbox.models import Work
from nevermisscall.outbox.queues import Queue

EVERY_SECONDS = 0.25
THREADS = 10  # these and Celery's are more than the places of all queues together (tests/outbox/test_places.py)

logger = logging.getLogger(__name__)


class Sweeper:
    """Claims due rows of every queue and does them on its own few threads.

    `after_outage` is called when the database is back that could not be reached, and at the start if no other worker
    was heard of.
    """

    def __init__(
        self,
        *,
        every_seconds: float = EVERY_SECONDS,
        threads: int = THREADS,
        after_outage: Callable[[], None] | None = None,
    ) -> None:
        self._after_outage = after_outage
        self._is_first_beat = True
        self._every_seconds = every_seconds
        self._worker = f"{socket.gethostname()[:100]}:{os.getpid()}"
        self._beat_again_at = 0.0
        self._stop = threading.Event()
        self._look_now = threading.Event()
        self._hungry: set[str] = set()  # queues of which more is due than they have places
        self._ended = threading.Event()
        self._slots = threading.Semaphore(threads)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sweeper-work")
        self._loop = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._renewer = threading.Thread(target=self._renew, name="lease-renewer", daemon=True)

    def start(self) -> None:
        """Start sweeping in the background."""
        self._loop.start()
        self._renewer.start()

    def claim_no_more(self) -> None:
        """Begin nothing from now on, and say farewell. What is running goes on and keeps its leases."""
        self._stop.set()
        self._look_now.set()

    def stop(self, *, timeout: float = 10.0) -> None:
        """Claim nothing more, wait for what is running, and stop renewing leases, of others' work in this process too.

        The database has `timeout` seconds to answer the loop; what is running has its own limits.
        """
        self.claim_no_more()
        self._loop.join(timeout)
        # One for each thread of the pool, none of which can take a second: each closes its own connection.
        everyone = threading.Barrier(self._threads)
        for _ in range(self._threads):
            self._pool.submit(_close_connection, everyone)
        self._pool.shutdown(wait=True)
        self._ended.set()

    def sweep(self) -> bool:
        """Claim as much due work as there are free threads and start it. Returns whether there may be more at once."""
        started = 0
        for queue in queues.every():
            free = self._take_slots()
            if not free:
                return True
            places = queue.places.take(free) if queue.places else free
            rows: list[Work] = []
            try:
                if places:
                    rows = work.claim(queue, limit=places)
            finally:
                for _ in range(free - len(rows)):
                    self._slots.release()
                if queue.places:
                    queue.places.give_back(places - len(rows))
            if self._stop.is_set():
                work.give_back(queue, rows)
                if queue.places:
                    queue.places.give_back(len(rows))
                return False
            if queue.places and len(rows) == places:
                self._hungry.add(queue.name)
            else:
                self._hungry.discard(queue.name)
            for row in rows:
                self._pool.submit(self._do, queue, row)
            started += len(rows)
        return started > 0

    def _take_slots(self) -> int:
        # A row is claimed only when a thread is free for it: a leased row that waits is lost time.
        taken = 0
        while taken < self._threads and self._slots.acquire(blocking=False):
            taken += 1
        return taken

    def _do(self, queue: Queue, row: Work) -> None:
        try:
            work.run_claimed(queue, row)
        except Exception:
            logger.exception("could not record how work went; its lease will end", extra={"queue": queue.name})
        finally:
            close_old_connections()
            if queue.places:
                queue.places.give_back(1)
            self._slots.release()
            if queue.name in self._hungry:
                self._look_now.set()

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self._beat()
                busy = self.sweep()
                if failures and self._after_outage is not None:
                    self._after_outage()
                failures = 0
            except Exception:
                # The database is away. Say so once, keep trying: this loop is the guarantee.
                if failures == 0:
                    logger.exception("sweeper cannot reach the database; it keeps trying")
                failures += 1
                busy = False
                connection.close()
            self._look_now.wait(0.01 if busy else self._every_seconds)
            self._look_now.clear()
        self._say_farewell()
        connection.close()

    def _beat(self) -> None:
        if monotonic() >= self._beat_again_at:
            if self._is_first_beat and self._after_outage is not None and not heartbeats.alive().exists():
                self._after_outage()
            self._is_first_beat = False
            heartbeats.beat(self._worker)
            self._beat_again_at = monotonic() + heartbeats.EVERY_SECONDS

    def _say_farewell(self) -> None:
        try:
            heartbeats.end(self._worker)
        except (DatabaseError, InterfaceError):
            logger.warning("the database does not hear that this worker ends; its silence will tell")

    def _renew(self) -> None:
        while not self._ended.wait(work.RENEW_EVERY.total_seconds()):
            started = monotonic()
            try:
                work.renew_leases(queues.every())
            except Exception:
                logger.exception("could not renew leases", extra={"seconds": round(monotonic() - started, 1)})
                connection.close()
        connection.close()


def _close_connection(everyone: threading.Barrier) -> None:
    everyone.wait()
    connection.close()
