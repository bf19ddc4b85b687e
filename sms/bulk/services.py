"""Create a batch, hold it, let it go on, stop it, and say how far it is."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q

from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.lib.refusals import Refusal
from sms.bulk.models import Batch, Recipient
from sms.bulk.rows import BadRows, Checker
from sms.models import Message
from sms.models import Status as MessageStatus
from tenants import texts
from tenants.compliance import Purpose
from tenants.models import PhoneNumber

Status = Batch.Status

OPEN = (Status.SCHEDULED, Status.RUNNING, Status.PAUSED)


class InvalidTransition(Refusal):
    """The batch is not in a state from which it can be moved so."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_transition", message)


@transaction.atomic
def create_batch(
    *,
    number: PhoneNumber,
    body: str,
    rows: Iterable[Any],
    purpose: Purpose,
    name: str = "",
    send_at: datetime | None = None,
) -> Batch:
    """Store a batch and all its recipients; its first texts leave at `send_at`, or now.

    `rows` is read once and may be a stream. Raises `BadRows` with every fault, and then nothing is stored, or
    `ValueError` for an empty text or an empty list.
    """
    if not body.strip():
        raise ValueError("the text is empty")
    checker = Checker(body)
    batch = Batch.objects.create(
        tenant_id=number.tenant_id,
        phone_number=number,
        name=name,
        body=body,
        purpose=purpose,
        send_at=send_at or utcnow(),
    )
    columns = "batch_id, row, to_number, values, refusal"
    with connection.cursor() as cursor, cursor.copy(f"COPY bulk_recipient ({columns}) FROM STDIN") as copy:
        for row in checker.check(rows):
            copy.write_row((batch.pk, row.row, row.to_number, json.dumps(row.values), ""))
    if checker.faults:
        raise BadRows(checker.faults)
    if not checker.total:
        raise ValueError("there are no recipients")
    Batch.objects.filter(pk=batch.pk).update(total=checker.total, next_release_at=send_at or DatabaseClock())
    batch.refresh_from_db()
    return batch


def preview(*, body: str, rows: Iterable[Any], count: int = 3) -> list[dict[str, str]]:
    """Return the first texts as they would be sent. Raises `BadRows` if one of those rows is bad."""
    checker = Checker(body)
    found = []
    for row in checker.check(rows):
        found.append({"to": row.to_number, "body": texts.fill(body, row.values)})
        if len(found) == count:
            break
    if checker.faults:
        raise BadRows(checker.faults)
    return found


def pause(batch: Batch) -> None:
    """Hold a batch: nothing of it leaves any more, except what Twilio has already."""
    _move(batch, Status.PAUSED, allowed=(Status.SCHEDULED, Status.RUNNING), due=None)
    _hold_queued(batch)


def resume(batch: Batch) -> None:
    """Let a paused batch go on where it stopped."""
    _move(batch, Status.RUNNING, allowed=(Status.PAUSED,), due=DatabaseClock())
    Message.objects.filter(recipient__batch=batch, status=MessageStatus.QUEUED, next_attempt_at__isnull=True).update(
        next_attempt_at=DatabaseClock()
    )


@transaction.atomic
def cancel(batch: Batch) -> None:
    """Stop a batch for good. Texts that Twilio has are not called back."""
    _move(batch, Status.CANCELED, allowed=OPEN, due=None)
    Batch.objects.filter(pk=batch.pk).update(finished_at=DatabaseClock())
    Message.objects.filter(recipient__batch=batch, status=MessageStatus.QUEUED).update(
        status=MessageStatus.CANCELED, next_attempt_at=None, fence=None
    )
    Recipient.objects.filter(batch=batch, message__isnull=True, refusal="").update(refusal="canceled")


def progress(batch: Batch) -> dict[str, int]:
    """Return how many recipients are where: one count for each message status, `refused` and `waiting`."""
    counts = (
        Recipient.objects.filter(batch=batch)
        .values("message__status")
        .annotate(count=Count("pk"), refused=Count("pk", filter=~Q(refusal="")))
    )
    found = {"waiting": 0, "refused": 0}
    for row in counts:
        if row["message__status"] is None:
            found["refused"] = row["refused"]
            found["waiting"] = row["count"] - row["refused"]
        else:
            found[row["message__status"]] = row["count"]
    return found


@transaction.atomic
def _move(batch: Batch, status: str, *, allowed: Iterable[str], due: Any) -> None:
    moved = Batch.objects.filter(pk=batch.pk, status__in=list(allowed)).update(
        status=status, next_release_at=due, lease_until=None, fence=None
    )
    if not moved:
        batch.refresh_from_db()
        raise InvalidTransition(f"a batch that is {batch.status} cannot become {status}")
    batch.refresh_from_db()


def _hold_queued(batch: Batch) -> None:
    Message.objects.filter(recipient__batch=batch, status=MessageStatus.QUEUED).update(next_attempt_at=None, fence=None)
