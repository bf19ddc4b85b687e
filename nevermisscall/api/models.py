"""The POSTs that were done under an Idempotency-Key, and what they were answered."""

from typing import ClassVar

from django.db import models


class IdempotentRequest(models.Model):
    """One POST with an Idempotency-Key. Written in the transaction that did its work, so both exist or neither does."""

    owner = models.CharField(max_length=40, help_text="Whose key it is: a business, the platform or a person.")
    path = models.CharField(max_length=200, help_text="Without /api and trailing slash: all spellings are one.")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of the body, its fields in order.")
    status_code = models.PositiveSmallIntegerField()
    answer = models.TextField(help_text="JSON, byte for byte.")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "path", "key"], name="idempotent_request_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="idempotent_request_by_time"),  # forgetting after a day
        ]

    def __str__(self) -> str:
        return f"{self.owner} {self.path} {self.key}"
