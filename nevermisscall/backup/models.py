"""Which backups were taken, so that somebody notices when none are."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Backup(models.Model):
    """One backup that ended, well or not. `nevermisscall.backup.taking` writes it; restoring never reads it."""

    name = models.CharField(max_length=60, blank=True, help_text="Its directory. Empty if it did not get that far.")
    host = models.CharField(max_length=100, help_text="The machine that took it.")
    taken_at = models.DateTimeField(null=True, blank=True, help_text="What was committed then is in it.")
    ended_at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0, help_text="How long it took.")
    size = models.BigIntegerField(default=0, help_text="Bytes on disk, encrypted.")
    elsewhere = models.BooleanField(
        default=False, db_default=False, help_text="Taken with --to: it does not stand in for the daily one."
    )
    error = models.CharField(max_length=500, blank=True, help_text="Why there is none. Empty if it is complete.")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-ended_at"], name="backup_newest"),  # /health: the newest, and the newest good one
        ]

    def __str__(self) -> str:
        return self.name or "failed"
