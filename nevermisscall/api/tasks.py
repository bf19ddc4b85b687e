"""What may be late by an hour."""

from celery import shared_task

from nevermisscall.api import idempotency


@shared_task(name="api.forget_idempotent_requests")
def forget_idempotent_requests() -> int:
    """Delete Idempotency-Keys older than a day. Returns how many."""
    return idempotency.forget_old()
