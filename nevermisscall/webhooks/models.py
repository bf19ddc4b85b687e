"""The receipt of each webhook: what came, and the answer that a repeat gets again. And how long they took."""

from typing import ClassVar

from django.db import models

from nevermisscall.lib.clock import now


class WebhookReceipt(models.Model):
    """One webhook that Twilio sent. Written in the transaction that did its work, so both exist or neither does."""

    kind = models.CharField(max_length=20, help_text="Which of our endpoints' meanings it had.")
    account_sid = models.CharField(max_length=34)
    key = models.CharField(max_length=200, help_text="What makes it a repeat: SIDs and status, by kind.")
    params = models.JSONField(help_text="Every field as Twilio sent it.")
    # Twilio puts it on retries only, so it explains a repeat but cannot find one.
    idempotency_token = models.CharField(max_length=100, blank=True)
    status_code = models.PositiveSmallIntegerField(default=200)
    content_type = models.CharField(max_length=40, blank=True)
    answer = models.TextField(blank=True)
    received_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_sid", "kind", "key"], name="webhook_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["received_at"], name="webhook_by_time"),  # the admin's list and pruning
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class WebhookMinute(models.Model):
    """How the webhooks of one kind fared in one minute, all processes together. Only `webhooks.timing` writes it."""

    minute = models.DateTimeField(help_text="Its beginning.")
    kind = models.CharField(max_length=20)
    answered = models.PositiveIntegerField(help_text="Without those that were refused.")
    failed = models.PositiveIntegerField(help_text="Of these: answered 5xx.")
    slow = models.PositiveIntegerField(help_text="Of these: took over half a second.")
    unrecorded = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Of these: a caller was answered, and the webhook could not be kept."
    )
    total_ms = models.FloatField()
    slowest_ms = models.FloatField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["minute", "kind"], name="webhook_minute_once"),  # and /metrics, forgetting
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.minute:%H:%M}"
