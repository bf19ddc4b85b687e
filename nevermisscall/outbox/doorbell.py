"""The doorbell: tells Celery, after commit, that a row is due. It may be lost; the sweeper finds the row anyway.

A request thread never publishes: a frozen Redis blocks a publish for 30 s and more. It puts (queue, id) into a bounded
queue in memory; one daemon thread rings.
"""

import logging
import os
import queue as queues_in_memory
import threading

import redis
from django.conf import settings
from django.db import transaction

from nevermisscall.outbox.queues import Lane, Queue

CAPACITY = 1000
# In Redis, for each lane: while no worker takes them they would fill it. No `expires`: it goes by the hosts' clocks.
UNHEARD_AT_MOST = 10_000
COUNTED_EVERY = 100  # rings

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

    lanes = {lane.value: _Lane(lane.value) for lane in Lane}
    while True:
        queue, pk = _waiting.get()
        lane = queue.lane.value
        try:
            if lanes[lane].is_heard():
                do_work.apply_async((queue.name, pk), queue=lane, retry=False)
        except Exception:
            # Whatever the broker throws, this thread must live; the sweeper does the work meanwhile.
            logger.warning("doorbell could not ring; the sweeper will find the row", extra={"queue": queue.name})


class _Lane:
    """Knows whether anybody takes the rings of a lane out of Redis. For one thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
        self._rings = 0
        self._is_heard = True

    def is_heard(self) -> bool:
        """Count one more ring. Raises `redis.RedisError` if Redis cannot say."""
        self._rings += 1
        if self._rings % COUNTED_EVERY == 0:
            self._is_heard = int(self._client.llen(self._name)) < UNHEARD_AT_MOST
            if not self._is_heard:
                logger.warning("no worker hears the doorbell; it rests", extra={"lane": self._name})
        return self._is_heard
