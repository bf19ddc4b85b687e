"""Publish a fact in the transaction of the row it is about; hand it to subscribers after commit, at least once each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from django.db.models import Max

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import doorbell, queues
from nevermisscall.outbox.models import Delivery, Fact, time_ordered_uuid
from nevermisscall.outbox.queues import Lane, Queue

Subscriber = Callable[[Fact], None]


class Publishable(Protocol):
    """An event of some app's `events.py`."""

    topic: ClassVar[str]

    @property
    def tenant_id(self) -> int | None: ...
    @property
    def aggregate(self) -> str: ...
    def data(self) -> dict[str, Any]: ...


_by_topic: dict[str, list[str]] = {}
_by_name: dict[str, Subscriber] = {}


def subscribe(topic: str, *, name: str) -> Callable[[Subscriber], Subscriber]:
    """Register the decorated function for `topic`. It may be called twice with the same fact.

    `name` is stored with each delivery; renaming it orphans what is under way.
    """

    def register(function: Subscriber) -> Subscriber:
        _by_topic.setdefault(topic, []).append(name)
        _by_name[name] = function
        return function

    return register


def publish(event: Publishable) -> Fact:
    """Record `event` and one delivery for each subscriber. Call it inside the transaction that made it true.

    The caller holds a lock on the aggregate's row, so its sequence has no gaps and no ties.
    """
    last = Fact.objects.filter(aggregate=event.aggregate).aggregate(last=Max("sequence"))["last"] or 0
    fact = Fact.objects.create(
        id=time_ordered_uuid(),
        topic=event.topic,
        tenant_id=event.tenant_id,
        aggregate=event.aggregate,
        sequence=last + 1,
        data=event.data(),
    )
    for name in _by_topic.get(event.topic, ()):
        delivery = Delivery.objects.create(fact=fact, subscriber=name, next_attempt_at=DatabaseClock())
        doorbell.ring_after_commit(DELIVERIES, delivery.pk)
    return fact


def _deliver(delivery: Delivery) -> timedelta | None:
    _by_name[delivery.subscriber](delivery.fact)
    return None


DELIVERIES = Queue(
    name="outbox.deliveries",
    model=Delivery,
    due="next_attempt_at",
    lane=Lane.URGENT,
    handle=_deliver,
)


def register_queue() -> None:
    """Make deliveries known to the sweeper."""
    queues.register(DELIVERIES)
