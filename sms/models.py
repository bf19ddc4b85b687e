"""A text message and every attempt to send it."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from nevermisscall.lib.clock import now
from nevermisscall.outbox.models import Work
from sms.media import MessageMedia
from tenants.compliance import Purpose
from tenants.models import PhoneNumber, Tenant

__all__ = [
    "FROM_TWILIO",
    "RANK",
    "AccountPause",
    "Message",
    "MessageMedia",
    "SendAttempt",
    "SenderPace",
    "Status",
]


TOO_LATE = timedelta(minutes=15)


class Status(models.TextChoices):
    """Where a message is. Our part comes first; from `sent_to_provider` on it is Twilio's word, forward only."""

    QUEUED = "queued", "Queued"  # send_message
    SENDING = "sending", "Sending"  # the sender, committed before the request to Twilio
    UNKNOWN = "unknown", "Unknown"  # the sender: Twilio may or may not have it; being looked up
    SENT_TO_PROVIDER = "sent_to_provider", "Accepted by Twilio"
    SENT = "sent", "Sent to the carrier"
    DELIVERED = "delivered", "Delivered"
    UNDELIVERED = "undelivered", "Refused by the carrier"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Too late to send"  # the sender
    CANCELED = "canceled", "Canceled"
    RECEIVED = "received", "Received"  # an inbound text, from beginning to end


# What a status callback may overtake: lower ranks only. Statuses of one rank exclude each other; the first stays.
RANK = {
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.UNKNOWN: 1,
    Status.SENT_TO_PROVIDER: 2,
    Status.SENT: 3,
    Status.DELIVERED: 4,
    Status.UNDELIVERED: 4,
    Status.FAILED: 4,
    Status.EXPIRED: 4,
    Status.CANCELED: 4,
    Status.RECEIVED: 4,
}

FROM_TWILIO: dict[str, Status] = {
    "accepted": Status.SENT_TO_PROVIDER,
    "scheduled": Status.SENT_TO_PROVIDER,
    "queued": Status.SENT_TO_PROVIDER,
    "sending": Status.SENT_TO_PROVIDER,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.FAILED,
    "canceled": Status.CANCELED,
}


class MessageQuerySet(models.QuerySet["Message"]):
    def matching(self, *, to_number: str = "", status: str = "") -> "MessageQuerySet":
        """Return the messages that are all of what is given."""
        given = {"to_number": to_number, "status": status}
        return self.filter(**{name: value for name, value in given.items() if value})

    def between(self, sender: PhoneNumber, to_number: str) -> "MessageQuerySet":
        """Return the texts to a person that leave as those of `sender` do: from that number, or through its pool."""
        rows = self.filter(to_number=to_number)
        if sender.messaging_service_sid:
            return rows.filter(phone_number__messaging_service_sid=sender.messaging_service_sid)
        return rows.filter(from_number=sender.number)


class Message(Work):
    """One text, to a person or from one. One from a person is `received` and stays so; one to a person moves:

        queued ──▶ sending ──▶ sent_to_provider ──▶ sent ──▶ delivered | undelivered | failed
          ▲  │        │  └──▶ failed     (Twilio refused)
          │  │        └─────▶ unknown ──▶ sent_to_provider   (found, or its callback came)
          │  └─▶ expired         │
          └──────────────────────┘ not there after three minutes and two clean looks: again, flagged
                                   (or canceled, if it was withdrawn meanwhile)

    `sms.sending` moves it up to `sent_to_provider`; from there on it follows Twilio's reports (`sms.services`). A text
    that is held until the recipient's morning is `queued` with `next_attempt_at` then; the verdict says so.
    """

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", "Outbound"
        INBOUND = "inbound", "Inbound"

    class SenderType(models.TextChoices):
        CUSTOMER = "customer", "Customer"
        SYSTEM = "system", "System"
        AI = "ai", "AI"
        USER = "user", "Person of the business"

    class TakenAs(models.TextChoices):
        """What we took an inbound text for, which decides what came of it (`sms.receiving`)."""

        CONVERSATION = "conversation", "A customer's text"
        STOP = "stop", "An opt-out by keyword"
        REVOKE = "revoke", "An opt-out in their own words"
        START = "start", "An opt-in"
        HELP = "help", "A request for help"
        OWNER = "owner", "A text from the business's own people"
        OWN_NUMBER = "own_number", "A text from one of our numbers"
        NOT_A_PERSON = "not_a_person", "A sender that cannot be a customer"
        BLOCKED = "blocked", "A text from a blocked contact"
        EMPTY = "empty", "Neither words nor media"
        NO_BUSINESS = "no_business", "For a number that is not ours"
        NOT_ACTIVE = "not_active", "For a business that is suspended or closed"

    # None only for a text to a number that is not ours.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="messages", db_index=False
    )
    phone_number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    direction = models.CharField(
        max_length=8, choices=Direction, default=Direction.OUTBOUND, db_default=Direction.OUTBOUND
    )
    purpose = models.CharField(max_length=20, choices=Purpose, blank=True, help_text="Of an outgoing text.")
    taken_as = models.CharField(max_length=15, choices=TakenAs, blank=True, db_default="", help_text="An inbound text.")
    sender_type = models.CharField(max_length=10, choices=SenderType, default=SenderType.SYSTEM)
    priority = models.PositiveSmallIntegerField(default=0, help_text="The lane; the lowest leaves first.")
    # Outgoing: E.164. Inbound: as Twilio sent them; a sender may be a short code, a word or another channel's address.
    from_number = models.CharField(max_length=255)
    to_number = models.CharField(max_length=255)
    body = models.TextField(max_length=1600, blank=True)
    idempotency_key = models.CharField(max_length=120, help_text="One message for each key and business.")
    verdict = models.JSONField(default=dict, blank=True, help_text="What the gate decided, and on what. Outgoing only.")
    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    message_sid = models.CharField(max_length=34, null=True, blank=True, unique=True)
    error_code = models.PositiveIntegerField(
        null=True, blank=True, help_text="Twilio's; see nevermisscall.twilio.errors."
    )
    media_urls = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Files that Twilio fetches and sends along."
    )
    num_segments = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many SMS it is: Twilio's count, ours until that is known."
    )
    possible_duplicate = models.BooleanField(default=False, help_text="Sent again after Twilio denied knowing it.")
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="When the sender looks at it next.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Not sent later than this.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Not sent, or not sent again, after this.")
    created_at = models.DateTimeField(default=now, help_text="Inbound: when it reached us, or as Twilio says.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When Twilio had it.")
    delivered_at = models.DateTimeField(null=True, blank=True)
    reconciled_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was found in Twilio's list: no webhook had brought it."
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "idempotency_key"], name="message_once"),
            models.CheckConstraint(
                condition=Q(
                    direction="outbound", taken_as="", purpose__gt="", tenant__isnull=False, phone_number__isnull=False
                )
                & ~Q(status="received")
                | Q(direction="inbound", status="received", purpose="", taken_as__gt="", next_attempt_at__isnull=True),
                name="message_has_one_direction",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["dead_at"], name="message_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(
                fields=["priority", "next_attempt_at"],
                name="message_due",  # the sender: what leaves next?
                condition=Q(next_attempt_at__isnull=False, dead_at__isnull=True),
            ),
            models.Index(
                fields=["from_number", "to_number"],
                name="message_under_way",  # the sender: is another text between the two under way?
                condition=Q(status__in=["sending", "unknown"]),
            ),
            models.Index(fields=["tenant", "to_number", "-created_at"], name="message_by_person"),  # cooldown, search
            models.Index(fields=["tenant", "-created_at"], name="message_by_tenant"),  # the API's list, the daily cap
            models.Index(fields=["-created_at"], name="message_by_time"),  # the admin's list
            models.Index(
                fields=["tenant", "-created_at"],
                name="message_from_owner",  # the AI: is the owner writing right now?
                condition=Q(taken_as="owner"),
            ),
        ]

    def __str__(self) -> str:
        return self.message_sid or f"message {self.pk}"

    @property
    def came_too_late(self) -> bool:
        """Whether an inbound text was found so long after it was written that nothing automatic answers it."""
        return self.reconciled_at is not None and self.reconciled_at - self.created_at > TOO_LATE

    @property
    def is_old(self) -> bool:
        """Whether it comes to its effect so late, found or kept meanwhile, that none of that may be automatic."""
        return self.came_too_late or now() - self.created_at > TOO_LATE

    @property
    def not_before(self) -> datetime | None:
        """Until when the gate holds it for its recipient's morning; None for every other text."""
        held = self.verdict.get("not_before") if self.status == Status.QUEUED else None
        return datetime.fromisoformat(held) if held else None

    @property
    def sender(self) -> PhoneNumber:
        """The number an outgoing text leaves from."""
        assert self.phone_number is not None, "only a text to a number that is not ours has none"
        return self.phone_number


class SendAttempt(models.Model):
    """One request to Twilio to send a message.

    Its token is in the StatusCallback URL, so a callback proves which attempt Twilio accepted, whatever we saw of it.
    """

    token = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="send_attempts")
    started_at = models.DateTimeField()
    first_clean_look_at = models.DateTimeField(null=True, blank=True, help_text="First time Twilio's list lacked it.")
    outcome = models.CharField(max_length=200, blank=True, help_text="Blank while nothing is known.")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-started_at"], name="attempt_by_time"),  # health: did the newest ones work?
        ]

    def __str__(self) -> str:
        return f"{self.message} at {self.started_at:%H:%M:%S}"


class SenderPace(models.Model):
    """How busy one of our numbers or pools is. One row for each that ever sent; only `sms.pacing` writes it."""

    number = models.CharField(max_length=34, primary_key=True, help_text="Or the SID of the pool it sends through.")
    free_at = models.DateTimeField(help_text="When it may send the next text that nobody waits for.")
    turn_at = models.DateTimeField(help_text="The last turn promised to a waiting text.")
    day = models.DateField()
    sent = models.PositiveIntegerField(help_text="Texts on that day (UTC).")

    def __str__(self) -> str:
        return self.number


class AccountPause(models.Model):
    """A Twilio account that refuses our credentials. Its texts wait; one of them tries again when the pause ends."""

    account_sid = models.CharField(max_length=34, primary_key=True)
    since = models.DateTimeField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.account_sid
