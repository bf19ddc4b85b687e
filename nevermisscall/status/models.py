"""The last word about each service outside."""

from django.db import models

from nevermisscall.lib.clock import now


class ServiceState(models.Model):
    """One service that we use, such as `dispatchbot_ai`. Only `nevermisscall.status.services.report` writes it.

    ok ◀──▶ degraded ◀──▶ down     whoever uses it says what it saw; nobody asks it only to find out
    """

    class State(models.TextChoices):
        OK = "ok", "Works"
        DEGRADED = "degraded", "Works badly, or something else stands in for it"
        DOWN = "down", "Does not work"

    name = models.CharField(max_length=40, primary_key=True)
    state = models.CharField(max_length=10, choices=State, default=State.OK)
    since = models.DateTimeField(default=now, help_text="When the state last changed.")
    failures = models.PositiveIntegerField(default=0, help_text="Since it last worked.")
    last_error = models.CharField(max_length=300, blank=True, help_text="Kept after it recovered.")
    failed_at = models.DateTimeField(null=True, blank=True, help_text="The last failure.")

    def __str__(self) -> str:
        return self.name
