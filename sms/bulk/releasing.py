"""Hands a batch's texts to the sender a few at a time.

Only what a number can send within a few seconds is ever queued. So a batch of any size leaves the queue short for
everybody else, and a pause, an opt-out or quiet hours take effect at once.
"""

from datetime import timedelta

from django.db import transaction

from nevermisscall.lib.clock import utcnow
from nevermisscall.outbox.queues import Lane, Queue
from sms import pacing
from sms import services as sms_services
from sms.bulk.models import Batch, Recipient
from sms.models import Message
from sms.models import Status as MessageStatus
from sms.services import TextRefused
from tenants import texts
from tenants.compliance import Purpose, Rule
from tenants.models import PhoneNumber

AHEAD_SECONDS = 4
EVERY = timedelta(seconds=1)
AT_MOST = 200  # in one go, so that no transaction is long


def release(batch: Batch) -> timedelta | None:
    """Queue the next few texts of a claimed batch. Returns when to come back, or None when it is through."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().filter(pk=batch.pk, fence=batch.fence).first()
        if row is None or row.status not in {Batch.Status.SCHEDULED, Batch.Status.RUNNING}:
            return None
        number = PhoneNumber.objects.select_related("tenant", "account").get(pk=row.phone_number_id)
        waiting = Recipient.objects.filter(batch=row, message__isnull=True, refusal="").order_by("row")
        ours = Message.objects.filter(recipient__batch=row)
        on_the_way = ours.filter(
            status__in=[MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN]
        ).count()
        # Those that wait for their recipient's morning must not keep back the others.
        held = ours.filter(status=MessageStatus.QUEUED, verdict__rule=Rule.HELD).count()
        wanted = max(0, int(pacing.per_second(number) * AHEAD_SECONDS) + 1 - (on_the_way - held))
        chosen = list(waiting[: min(wanted, AT_MOST)])
        for recipient in chosen:
            _queue(recipient, row, number)
        row.status = Batch.Status.RUNNING
        if not chosen and not on_the_way:
            row.status, row.finished_at = Batch.Status.COMPLETED, utcnow()
        row.save(update_fields=["status", "finished_at"])
    return None if row.status == Batch.Status.COMPLETED else EVERY


def _queue(recipient: Recipient, batch: Batch, number: PhoneNumber) -> None:
    try:
        recipient.message = sms_services.send_message(
            number=number,
            to_number=recipient.to_number,
            body=texts.fill(batch.body, recipient.values),
            purpose=Purpose(batch.purpose),
            idempotency_key=f"bulk:{batch.pk}:{recipient.row}",
        )
    except TextRefused as refusal:
        recipient.refusal = refusal.verdict.rule
    recipient.save(update_fields=["message", "refusal"])


QUEUE = Queue(
    name="sms.bulk.release",
    model=Batch,
    due="next_release_at",
    lane=Lane.BULK,
    handle=release,
)
