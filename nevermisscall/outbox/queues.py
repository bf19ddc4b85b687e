"""What kinds of pending work exist: each is a model with a due column and a function that does one row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import uniform
from typing import Any

from nevermisscall.outbox.models import Work
from nevermisscall.outbox.places import Places


class Lane(StrEnum):
    """Celery's queues, by how long a person would wait."""

    URGENT = "urgent"
    DEFAULT = "default"
    BULK = "bulk"


class Retry(Exception):
    """The work could not be done now. It is due again after `after`, or after the usual backoff."""

    def __init__(self, reason: str, *, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class GiveUp(Exception):
    """The work can never be done. The row becomes a dead letter at once."""


@dataclass(frozen=True)
class Queue:
    """One kind of work.

    `handle` gets the claimed row and returns when it is to be looked at again, or None when it is done. It commits its
    effects `WHERE fence = row.fence`, may run twice, and may raise `Retry` or `GiveUp`; anything else is a bug, retried
    with backoff. `order_by` are SQL column names, most urgent first. `died`, if given, is told of each dead letter.
    `places`, for work that waits for a service outside, leaves the other threads to the other queues.
    """

    name: str
    model: type[Work]
    due: str
    lane: Lane
    handle: Callable[[Any], timedelta | None]
    max_attempts: int = 8
    order_by: Sequence[str] = ()
    died: Callable[[Any], None] | None = None
    places: Places | None = None

    def backoff(self, attempts: int) -> timedelta:
        """Return how long to wait after the given number of attempts: 1 s doubling to 10 min, ±20 %."""
        return timedelta(seconds=min(2.0 ** (attempts - 1), 600) * uniform(0.8, 1.2))  # noqa: S311 - jitter


_queues: dict[str, Queue] = {}


def register(queue: Queue) -> None:
    """Make `queue` known to the sweeper, the tasks and the admin. Called from AppConfig.ready()."""
    _queues[queue.name] = queue


def get(name: str) -> Queue:
    """Return the queue called `name`; KeyError if no app registered it."""
    return _queues[name]


def every() -> list[Queue]:
    """Return all queues, urgent ones first."""
    return sorted(_queues.values(), key=lambda queue: list(Lane).index(queue.lane))


def of_model(model: type[Work]) -> Queue | None:
    """Return the queue whose rows are `model`, if there is one."""
    return next((queue for queue in _queues.values() if queue.model is model), None)
