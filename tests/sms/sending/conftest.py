"""A text of Acme's, and the sender that looks at it."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from sms import sending, services
from sms.models import Message, SendAttempt
from tenants.compliance import Purpose
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER


@pytest.fixture
def send(acme):
    """Queue one text from Acme."""

    def queue(to: str = CUSTOMER, *, body: str = "We are on our way", key: str = "", **fields) -> Message:
        return services.send_message(
            number=PhoneNumber.objects.select_related("tenant").get(number=ACME_NUMBER),
            to_number=to,
            body=body,
            purpose=fields.pop("purpose", Purpose.MISSED_CALL),
            idempotency_key=key or str(uuid.uuid4()),
            **fields,
        )

    return queue


def run_again(message: Message, *, seconds_later: int = 0) -> Message:
    """Let the sender look at the message as if so much time had passed since its last attempt."""
    earlier = timezone.now() - timedelta(seconds=seconds_later)
    if seconds_later:
        SendAttempt.objects.filter(message=message).update(started_at=earlier)
    Message.objects.filter(pk=message.pk, next_attempt_at__isnull=False).update(next_attempt_at=DatabaseClock())
    work.run_one(sending.QUEUE, message.pk)
    message.refresh_from_db()
    return message
