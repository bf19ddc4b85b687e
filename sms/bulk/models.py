"""A batch and its recipients."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from nevermisscall.lib.clock import now
from nevermisscall.outbox.models import Work
from sms.models import Message
from tenants.compliance import Purpose
from tenants.models import PhoneNumber, Tenant


class Batch(Work):
    """One text to many people.

    scheduled ──▶ running ◀──▶ paused          services: pause, resume
        │            │  └───────┤
        └────────────┴──────────┴──▶ canceled  services: cancel
                     └──▶ completed            releasing, when nothing waits or is on its way
    """

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        COMPLETED = "completed", "Completed"
        CANCELED = "canceled", "Canceled"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="batches", db_index=False)
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=120, blank=True)
    body = models.TextField(max_length=1600, help_text="With variables in braces, such as {name}.")
    purpose = models.CharField(max_length=20, choices=Purpose)
    status = models.CharField(max_length=10, choices=Status, default=Status.SCHEDULED)
    total = models.PositiveIntegerField(default=0, help_text="Recipients.")
    send_at = models.DateTimeField(default=now, help_text="Not before this.")
    next_release_at = models.DateTimeField(
        null=True, blank=True, help_text="When the next few are handed to the sender."
    )
    created_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at"], name="batch_by_tenant"),
            models.Index(
                fields=["dead_at"], name="batch_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(
                fields=["next_release_at"],
                name="batch_due",  # the sweeper: which batch may hand out its next few?
                condition=Q(next_release_at__isnull=False, dead_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"batch {self.pk}"


class Recipient(models.Model):
    """One person of a batch. Waiting while it has neither a message nor a refusal."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    row = models.PositiveIntegerField(help_text="Where in the request or file, from 1.")
    to_number = models.CharField(max_length=16)
    values = models.JSONField(default=dict)
    message = models.OneToOneField(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="recipient")
    refusal = models.CharField(max_length=30, blank=True, help_text="The gate's rule, or `canceled`.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "row"], name="recipient_row_once"),
            models.UniqueConstraint(fields=["batch", "to_number"], name="recipient_person_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["batch", "row"],
                name="recipient_waiting",  # releasing: who is next?
                condition=Q(message__isnull=True, refusal=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} row {self.row}"
