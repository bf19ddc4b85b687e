"""A row for each worker process that is alive. Its sweeper writes it, so a sweeper that is stuck falls silent."""

from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox.models import Heartbeat

EVERY_SECONDS = 5.0
LOST_AFTER = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(days=1)


def beat(worker: str) -> None:
    """Say that `worker` lives, now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox_heartbeat (worker, started_at, beat_at) "
            "VALUES (%s, clock_timestamp(), clock_timestamp()) "
            "ON CONFLICT (worker) DO UPDATE SET beat_at = clock_timestamp()",
            [worker],
        )


def end(worker: str) -> None:
    """Say that `worker` ends as it should; forget those that died long ago."""
    Heartbeat.objects.filter(worker=worker).delete()
    Heartbeat.objects.filter(beat_at__lt=DatabaseClock() - FORGOTTEN_AFTER).delete()


def alive() -> QuerySet[Heartbeat]:
    """Return the workers heard of lately."""
    return Heartbeat.objects.filter(beat_at__gt=DatabaseClock() - LOST_AFTER)
