"""Facts that happened, and the rows that are themselves pending work.

Every piece of pending work in the product is a row with a due time. `Work` gives such a row its lease:

    due ──claim──▶ leased ──done──▶ not due any more
     ▲               │ failed: due again after a backoff
     │               │ process died: due again when the lease ends
     └───────────────┴──attempts used up──▶ dead letter (kept, visible, replayable)

Whoever changes a leased row's state does so `WHERE fence = mine`. A process that lost its lease holds an old fence and
changes nothing; whoever re-arms a due time clears the fence, so that the previous holder cannot call the new work done.
"""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from nevermisscall.lib.clock import now


class Work(models.Model):
    """A row that is pending work. The subclass adds the due column, named for what is due, and its partial index.

    The database has the defaults too: a model may become work while old code still writes its rows.
    """

    attempts = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="How often it was claimed.")
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    fence = models.BigIntegerField(null=True, blank=True, editable=False)
    dead_at = models.DateTimeField(null=True, blank=True, help_text="When we gave up. Replay clears it.")
    last_error = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        abstract = True


class Fact(models.Model):
    """Something that happened, in the past tense, kept as history. Append-only.

    It commits together with the row it is about (docs/events.md lists topics and data).
    """

    # UUIDs in the order of their making: consumers get a stable id that also sorts.
    id = models.UUIDField(primary_key=True, editable=False)
    topic = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    tenant_id = models.BigIntegerField(null=True)
    aggregate = models.CharField(max_length=60, help_text="What it is about, such as call:17.")
    sequence = models.PositiveIntegerField(help_text="1, 2, 3… for each aggregate.")
    data = models.JSONField()
    occurred_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["aggregate", "sequence"], name="fact_sequence"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant_id", "-occurred_at"], name="fact_by_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.aggregate}#{self.sequence}"

    def envelope(self) -> dict[str, Any]:
        """Return the fact as other systems see it (design of version 1)."""
        return {
            "id": str(self.id),
            "event_type": self.topic,
            "version": self.version,
            "occurred_at": self.occurred_at.isoformat().replace("+00:00", "Z"),
            "tenant_id": self.tenant_id,
            "sequence": self.sequence,
            "data": self.data,
        }


class Delivery(Work):
    """One fact on its way to one subscriber."""

    fact = models.ForeignKey(Fact, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    subscriber = models.CharField(max_length=60)
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="Empty once it was delivered.")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fact", "subscriber"], name="delivery_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["dead_at"], name="delivery_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_due",  # the sweeper: what is due now?
                condition=Q(next_attempt_at__isnull=False, dead_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact} → {self.subscriber}"


class Heartbeat(models.Model):
    """A worker process, by host and process id, and when it was last heard of (`nevermisscall.outbox.heartbeats`)."""

    worker = models.CharField(max_length=120, primary_key=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(help_text="Every few seconds.")

    def __str__(self) -> str:
        return self.worker


def time_ordered_uuid() -> uuid.UUID:
    """Return a version 7 UUID (RFC 9562 §5.7): milliseconds since 1970 in front, the rest random."""
    millis = int(now().timestamp() * 1000)
    value = (millis << 80) | (uuid.uuid4().int & ((1 << 80) - 1))
    value = (value & ~(0xF << 76)) | (7 << 76)
    value = (value & ~(0x3 << 62)) | (2 << 62)
    return uuid.UUID(int=value)
