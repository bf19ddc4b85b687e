"""One conversation with one customer, line by line. What was done with it is in `conversations.history`."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from calls.models import Call
from conversations.history import Alert, Transition
from conversations.news import LateItem, LateNews
from nevermisscall.lib.clock import now
from nevermisscall.outbox.models import Work
from sms.models import Message
from tenants.models import Contact, PhoneNumber, Tenant

__all__ = ["Alert", "Conversation", "Entry", "LateItem", "LateNews", "Transition"]


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def open(self) -> "ConversationQuerySet":
        """Those that are not completed."""
        return self.exclude(status=Conversation.Status.COMPLETED)

    def waiting(self) -> "ConversationQuerySet":
        """Open ones in which the customer said the last word."""
        return self.open().filter(last_customer_message__created_at__gte=F("last_activity"))

    def matching(
        self, *, customer_phone: str = "", status: str = "", ownership: str = "", open: bool | None = None
    ) -> "ConversationQuerySet":
        """Return the conversations that are all of what is given."""
        given = {"customer_phone": customer_phone, "status": status, "ownership": ownership}
        rows = self.filter(**{name: value for name, value in given.items() if value})
        if open is None:
            return rows
        return rows.open() if open else rows.filter(status=Conversation.Status.COMPLETED)


class Conversation(Work):
    """Everything between one business number and one customer until it is completed.

                    ┌──────── a person writes or takes over ────────┐
                    │                                               ▼
        active ──the AI answers──▶ ai_handling ──a person──▶ user_handling
          ▲                            ▲  └─────────┐  ┌────────┘ │
          │ the customer writes again  └─ hand back ┼──┼──────────┘
          │ within a day                            ▼  ▼
          └──────────────────────────────────── completed

    `ownership` says the same in one word; only `conversations.ownership.move` changes the two. `ai_due_at` is when the
    dispatcher looks at the conversation next. Whatever a person or the customer does clears the work's fence: a turn
    of the AI that is under way then can no longer save anything.
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

    class Urgency(models.TextChoices):
        EMERGENCY = "emergency", "Emergency"
        URGENT = "urgent", "Urgent"
        NORMAL = "normal", "Normal"
        LOW = "low", "Low"

    class Outcome(models.TextChoices):
        BOOKED = "booked", "A visit was asked for or booked"
        RESOLVED = "resolved", "Answered, nothing more to do"
        REFERRED = "referred", "Sent elsewhere: not our trade or area"
        NO_REPLY = "no_reply", "The customer stopped writing"
        OPTED_OUT = "opted_out", "The customer wants no texts"
        SPAM = "spam", "No customer"
        OTHER = "other", "Something else"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="conversations", db_index=False)
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="conversations")
    customer_phone = models.CharField(max_length=16)
    call = models.ForeignKey(
        Call, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="The call that opened it."
    )
    status = models.CharField(max_length=15, choices=Status, default=Status.ACTIVE)
    ownership = models.CharField(max_length=5, choices=Ownership, default=Ownership.NONE)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The person who has it; empty also when they took over from a phone.",
    )
    user_takeover_at = models.DateTimeField(null=True, blank=True)
    relay_to = models.CharField(
        max_length=16, blank=True, db_default="", help_text="The phone of the person who answers by text from it."
    )

    ai_timer_started = models.BooleanField(default=False, db_default=False)
    ai_timer_started_at = models.DateTimeField(
        null=True, blank=True, help_text="When the customer wrote what nobody has answered yet."
    )
    ai_due_at = models.DateTimeField(null=True, blank=True, help_text="When the dispatcher looks at it next.")
    last_customer_message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Their newest words."
    )

    urgency_level = models.CharField(max_length=10, choices=Urgency, default=Urgency.NORMAL, db_default=Urgency.NORMAL)
    job_type = models.CharField(max_length=60, blank=True, db_default="", help_text="Such as plumbing_drain.")
    job = models.JSONField(default=dict, blank=True, db_default={}, help_text="What is known of it: problem, address…")
    language = models.CharField(max_length=5, blank=True, db_default="", help_text="The customer's; empty: unknown.")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, db_default="")
    summary = models.TextField(blank=True, db_default="")
    last_activity = models.DateTimeField(default=now)
    created_at = models.DateTimeField(default=now)
    completed_at = models.DateTimeField(null=True, blank=True)

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
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(ai_due_at__isnull=True, ai_timer_started=False),
                name="completed_awaits_no_answer",
            ),
            models.CheckConstraint(
                condition=Q(ai_timer_started=True, ai_timer_started_at__isnull=False)
                | Q(ai_timer_started=False, ai_timer_started_at__isnull=True),
                name="timer_has_its_start",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("tenant_id"), F("last_activity").desc(), name="conversation_by_activity"),  # the inbox
            models.Index(fields=["-last_activity"], name="conversation_by_time"),  # the staff's, of all businesses
            models.Index(
                fields=["ai_due_at"],
                name="conversation_due",  # the sweeper: who waits for an answer?
                condition=Q(ai_due_at__isnull=False, dead_at__isnull=True),
            ),
            models.Index(
                fields=["dead_at"], name="conversation_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(
                fields=["last_activity"],
                name="conversation_idle",  # the hourly task: which open ones have gone quiet?
                condition=~Q(status="completed"),
            ),
            models.Index(
                fields=["phone_number", "customer_phone", "-completed_at"],
                name="conversation_reopens",  # a text: was there one that ended today?
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_waiting(self) -> bool:
        """Whether it is open and the customer said the last word."""
        said = self.last_customer_message
        return (
            self.status != Conversation.Status.COMPLETED and said is not None and said.created_at >= self.last_activity
        )


class Entry(models.Model):
    """One line of a conversation: the call or the text it is about, in the order they happened."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="entries")
    call = models.ForeignKey(Call, on_delete=models.CASCADE, null=True, blank=True, related_name="entries")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="entries")
    created_at = models.DateTimeField(default=now, help_text="When it happened.")

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
