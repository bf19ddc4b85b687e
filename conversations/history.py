"""What was done with a conversation: who had it when and why, and what the owner was told of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from nevermisscall.lib.clock import now
from sms.models import Message


class Transition(models.Model):
    """A conversation went from one status to another, or from one person to another. Append-only."""

    class Actor(models.TextChoices):
        CUSTOMER = "customer", "Customer"
        AI = "ai", "AI"
        USER = "user", "Person of the business"
        SYSTEM = "system", "System"

    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.CASCADE, related_name="transitions")
    from_status = models.CharField(max_length=15)
    to_status = models.CharField(max_length=15)
    actor = models.CharField(max_length=10, choices=Actor)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


class Alert(models.Model):
    """A text to one of the owner's phones about a conversation: what they text back is meant for it."""

    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.CASCADE, related_name="alerts")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="alert")
    to_number = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["to_number", "-created_at"], name="alert_to_phone"),  # whom does the owner answer?
        ]

    def __str__(self) -> str:
        return f"{self.conversation} → {self.to_number}"
