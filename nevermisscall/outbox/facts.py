"""Publish a fact in the transaction of the row it is about; hand it to subscribers after commit, at least once each."""

import json
import uuid
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from django.db import connection

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


def subscribers(topic: str) -> list[str]:
    """Return the names that get a delivery of each fact of `topic`."""
    return _by_topic.get(topic, [])


def publish(event: Publishable) -> uuid.UUID:
    """Record `event` and one delivery for each subscriber, in one statement; returns the fact's id.

    Call it inside the transaction that made it true, holding a lock on the aggregate's row: then its sequence has no
    gaps and no ties.
    """
    fact_id = time_ordered_uuid()
    with connection.cursor() as cursor:
        cursor.execute(
            _PUBLISH,
            {
                "id": fact_id,
                "topic": event.topic,
                "tenant_id": event.tenant_id,
                "aggregate": event.aggregate,
                "data": json.dumps(event.data()),
                "subscribers": subscribers(event.topic),
            },
        )
        delivery_ids = [row[0] for row in cursor.fetchall()]
    ring_for(delivery_ids)
    return fact_id


def is_pending(topic: str, *, aggregates: Collection[str]) -> bool:
    """Tell whether a fact of `topic` about one of `aggregates` is on its way to somebody. A dead letter is not."""
    pending = Delivery.objects.filter(next_attempt_at__isnull=False, dead_at__isnull=True)
    return pending.filter(fact__topic=topic, fact__aggregate__in=aggregates).exists()


def ring_for(delivery_ids: Iterable[int]) -> None:
    """Ring for new deliveries once the current transaction has committed."""
    for delivery_id in delivery_ids:
        doorbell.ring_after_commit(DELIVERIES, delivery_id)


_PUBLISH = """
    WITH fact AS (
        INSERT INTO outbox_fact (id, topic, version, tenant_id, aggregate, sequence, data, occurred_at)
        SELECT %(id)s, %(topic)s, 1, %(tenant_id)s, %(aggregate)s::varchar, coalesce(max(sequence), 0) + 1,
            %(data)s::jsonb, clock_timestamp()
        FROM outbox_fact WHERE aggregate = %(aggregate)s::varchar
        RETURNING id
    )
    INSERT INTO outbox_delivery (fact_id, subscriber, next_attempt_at, attempts, last_error)
    SELECT fact.id, subscriber, clock_timestamp(), 0, '' FROM fact, unnest(%(subscribers)s::text[]) AS subscriber
    RETURNING id
"""


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
