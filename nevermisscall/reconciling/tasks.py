"""What may be late by an hour."""

from celery import shared_task

from nevermisscall.reconciling import disposition, scheduling


@shared_task(name="reconciling.ensure")
def ensure() -> None:
    """Hourly, by beat: give an account that was added its row."""
    scheduling.ensure_rows()


@shared_task(name="reconciling.count_yesterday")
def count_yesterday() -> int:
    """Hourly, by beat: hold yesterday's calls at Twilio against ours. Returns how many accounts were counted."""
    return disposition.count_yesterday()
