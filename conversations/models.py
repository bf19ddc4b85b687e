"""One conversation with one customer, line by line."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from calls.models import Call
from sms.models import Message
from tenants.models import Contact, PhoneNumber, Tenant


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def open(self) -> "ConversationQuerySet":
        """Those that are not completed."""
        return self.exclude(status=Conversation.Status.COMPLETED)


class Conversation(models.Model):
    """Everything between one business number and one customer until it is completed.

    `status` follows `ownership`: nobody has it (active), the AI has (ai_handling) or a person has (user_handling).
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Nobody has answered"
        AI_HANDLING = "ai_handling", "The AI answers"
        USER_HANDLING = "user_handling", "A person answers"
        COMPLETED = "completed", "Completed"

    class Ownership(models.TextChoices):
        NONE = "none", "Nobody"
        AI = "ai", "AI"
        USER = "user", "Person"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="conversations")
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="conversations")
    customer_phone = models.CharField(max_length=16)
    call = models.ForeignKey(
        Call, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="The call that opened it."
    )
    status = models.CharField(max_length=15, choices=Status, default=Status.ACTIVE)
    ownership = models.CharField(max_length=5, choices=Ownership, default=Ownership.NONE)
    last_activity = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["phone_number", "customer_phone"],
                condition=~Q(status="completed"),
                name="one_open_conversation",
            ),
            models.CheckConstraint(
                condition=Q(status="active", ownership="none")
                | Q(status="ai_handling", ownership="ai")
                | Q(status="user_handling", ownership="user")
                | Q(status="completed"),
                name="status_follows_ownership",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("tenant_id"), F("last_activity").desc(), name="conversation_by_activity"),  # the inbox
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Entry(models.Model):
    """One line of a conversation: the call or the text it is about, in the order they happened."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="entries")
    call = models.ForeignKey(Call, on_delete=models.CASCADE, null=True, blank=True, related_name="entries")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="entries")
    created_at = models.DateTimeField(default=timezone.now, help_text="When it happened.")

    class Meta:
        verbose_name_plural = "entries"
        ordering: ClassVar = ["created_at", "pk"]  # facts may be handed on out of order
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(call__isnull=True, message__isnull=False) | Q(call__isnull=False, message__isnull=True),
                name="entry_is_about_one_thing",
            ),
            models.UniqueConstraint(fields=["conversation", "call"], name="call_in_conversation_once"),
            models.UniqueConstraint(fields=["conversation", "message"], name="message_in_conversation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation} {self.call or self.message}"
