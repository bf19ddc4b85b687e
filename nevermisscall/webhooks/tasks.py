"""What may be late by an hour."""

from celery import shared_task

from nevermisscall.webhooks import timing


@shared_task(name="webhooks.forget_minutes")
def forget_minutes() -> int:
    """Delete how long webhooks took two days ago and before. Returns how many rows there were."""
    return timing.forget_old()
