"""What may be late by an hour."""

from celery import shared_task

from nevermisscall.reconciling import scheduling


@shared_task(name="reconciling.ensure")
def ensure() -> None:
    """Hourly, by beat: give an account that was added its row."""
    scheduling.ensure_rows()
