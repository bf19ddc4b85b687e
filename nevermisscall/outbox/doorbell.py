"""The doorbell: tells Celery, after commit, that a row is due. It may be lost; the sweeper finds the row anyway.

A request thread never publishes: a frozen Redis blocks a publish for 30 s and more. It puts (queue, id) into a bounded
queue in memory; one daemon thread rings.
"""

import logging
import os
import queue as queues_in_memory
import threading

from django.db import transaction

from nevermisscall.outbox.queues import Queue

CAPACITY = 1000

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_waiting: queues_in_memory.Queue[tuple[Queue, int]] = queues_in_memory.Queue(CAPACITY)
_thread_of_pid = 0


def ring_after_commit(queue: Queue, pk: int) -> None:
    """Ring for one row of `queue` once the current transaction has committed."""
    transaction.on_commit(lambda: ring(queue, pk), robust=True)


def ring(queue: Queue, pk: int) -> None:
    """Ring now; returns at once. With a thousand rings waiting this one is dropped."""
    _ensure_thread()
    try:
        _waiting.put_nowait((queue, pk))
    except queues_in_memory.Full:
        logger.warning("doorbell is full; the sweeper will find the row", extra={"queue": queue.name})


def _ensure_thread() -> None:
    # Threads do not survive gunicorn's fork, so the first ring of each process starts its own.
    global _thread_of_pid
    if _thread_of_pid == os.getpid():
        return
    with _lock:
        if _thread_of_pid != os.getpid():
            threading.Thread(target=_ring_forever, name="doorbell", daemon=True).start()
            _thread_of_pid = os.getpid()


def _ring_forever() -> None:
    from nevermisscall.outbox.tasks import do_work  # tasks import the registry, which the apps fill while loading

    while True:
        queue, pk = _waiting.get()
        try:
            do_work.apply_async((queue.name, pk), queue=queue.lane.value, retry=False)
        except Exception:
            # Whatever the broker throws, this thread must live; the sweeper does the work meanwhile.
            logger.warning("doorbell could not ring; the sweeper will find the row", extra={"queue": queue.name})
