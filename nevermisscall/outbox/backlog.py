"""How much work waits in each queue, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, Value

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import queues
from nevermisscall.outbox.queues import Queue

DEAD = Q(dead_at__isnull=False)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one queue holds. `due` is a part of `pending`; `oldest` is when the latest of it was due."""

    queue: Queue
    pending: int = 0
    due: int = 0
    oldest: datetime | None = None
    dead: int = 0


def backlogs() -> list[Backlog]:
    """Return what every queue holds, urgent ones first: one query, which partial indexes answer."""
    counts = []
    for queue in queues.every():
        alive = Q(dead_at__isnull=True, **{f"{queue.due}__isnull": False})
        due = alive & Q(**{f"{queue.due}__lte": DatabaseClock()})
        rows = queue.model._default_manager.filter(alive | DEAD).order_by()
        counts.append(
            rows.values(queue=Value(queue.name)).annotate(
                pending=Count("pk", filter=alive),
                due=Count("pk", filter=due),
                oldest=Min(F(queue.due), filter=due),
                dead=Count("pk", filter=DEAD),
            )
        )
    found = {row["queue"]: row for row in counts[0].union(*counts[1:], all=True)}
    return [_backlog(queue, found.get(queue.name)) for queue in queues.every()]


def _backlog(queue: Queue, row: Mapping[str, Any] | None) -> Backlog:
    return Backlog(queue, row["pending"], row["due"], row["oldest"], row["dead"]) if row else Backlog(queue)
