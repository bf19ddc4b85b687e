"""A call to one of the business's own people."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from nevermisscall.lib.clock import now
from nevermisscall.outbox.models import Work
from tenants.models import Language, PhoneNumber, Tenant


class Status(models.TextChoices):
    """Where an alert call is. Until it rings it is our word, from then on Twilio's and the person's; forward only."""

    QUEUED = "queued", "Queued"  # place
    CALLING = "calling", "Being placed"  # the sender, committed before the request to Twilio
    UNKNOWN = "unknown", "Unknown"  # the sender: Twilio may or may not have it; being looked up
    RINGING = "ringing", "Ringing"  # Twilio has it
    ANSWERED = "answered", "Picked up"  # by a person or a machine
    ACCEPTED = "accepted", "Accepted"  # a person pressed 1
    UNANSWERED = "unanswered", "Not accepted"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


# Callbacks arrive late and shuffled: a status is overtaken by higher ranks only. A pressed 1 overtakes everything: the
# person did hear it, whatever became known of the call meanwhile.
RANK = {
    Status.QUEUED: 0,
    Status.CALLING: 1,
    Status.UNKNOWN: 1,
    Status.RINGING: 2,
    Status.ANSWERED: 3,
    Status.UNANSWERED: 4,
    Status.FAILED: 4,
    Status.CANCELED: 4,
    Status.ACCEPTED: 5,
}
UNDER_WAY = [Status.CALLING, Status.UNKNOWN, Status.RINGING, Status.ANSWERED]


def new_token() -> str:
    return secrets.token_urlsafe(24)


class AlertCall(Work):
    """One call that tells somebody `words` and asks for a 1. It has one end: one of the last four states.

        queued ──▶ calling ──▶ ringing ──▶ answered ──▶ accepted     they pressed 1
          ▲         │   └──▶ unknown ─▲       │    └──▶ unanswered   nobody picked up, or nobody pressed 1
          │         │           │     └─ found, or its callback came
          └─────────┴───────────┘ Twilio certainly does not have it, or does not show it after a minute and two looks

        from anywhere before `accepted` ──▶ failed     Twilio refused it, or the phone cannot be reached
        from anywhere before `answered` ──▶ canceled   `services.cancel`, and the hanging up that follows

    `services` queues and cancels it, and follows Twilio's webhooks; `sending` moves it up to `ringing` and settles a
    call whose webhooks never came. `call_at` is when `sending` looks at it next: to place it, to look for it, to settle
    it. A 1 whose webhook was overtaken by the end of the call still makes it `accepted`.
    """

    class Reason(models.TextChoices):
        NO_ANSWER = "no_answer", "Nobody picked up"
        BUSY = "busy", "Busy or declined"
        NOT_CONFIRMED = "not_confirmed", "Picked up, but nobody pressed 1 (voicemail)"
        UNREACHABLE = "unreachable", "The phone cannot be reached"
        NOT_PLACED = "not_placed", "Twilio did not place the call"

    # db_index=False here and below: another index begins with the column, or nothing asks by it.
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="alert_calls", db_index=False)
    phone_number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="It comes from this number."
    )
    to_number = models.CharField(max_length=16)
    connect_to = models.CharField(max_length=16, blank=True, help_text="Whom a 1 connects with; blank: nobody.")
    words = models.TextField(max_length=600, help_text="What is said before the request to press 1.")
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)
    idempotency_key = models.CharField(max_length=120, help_text="One call for each key and business.")
    token = models.CharField(
        max_length=32, unique=True, default=new_token, editable=False, help_text="Its name in URLs."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    reason = models.CharField(max_length=15, choices=Reason, blank=True, help_text="Why it was not accepted.")
    error_code = models.PositiveIntegerField(null=True, blank=True, help_text="Twilio's; nevermisscall.twilio.errors.")
    call_sid = models.CharField(max_length=34, null=True, blank=True, unique=True)
    dial_call_status = models.CharField(
        max_length=30, blank=True, help_text="How connecting with the customer ended, as Twilio sent it."
    )
    call_at = models.DateTimeField(null=True, blank=True, help_text="When the sender looks at it next.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Requests to Twilio to place it.")
    attempted_at = models.DateTimeField(null=True, blank=True, help_text="When the last of them began.")
    first_clean_look_at = models.DateTimeField(
        null=True, blank=True, help_text="First time since then that Twilio's list lacked it."
    )
    canceled_at = models.DateTimeField(null=True, blank=True, help_text="When it was no longer needed.")
    created_at = models.DateTimeField(default=now)
    answered_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "idempotency_key"], name="alert_call_once"),
            models.CheckConstraint(
                condition=Q(status="accepted", accepted_at__isnull=False)
                | (~Q(status="accepted") & Q(accepted_at__isnull=True)),
                name="accepted_alert_call_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["unanswered", "failed"], reason__gt="")
                | (~Q(status__in=["unanswered", "failed"]) & Q(reason="")),
                name="alert_call_not_accepted_has_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["dead_at"], name="alert_call_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(
                fields=["call_at"],
                name="alert_call_due",  # the sender: what is next?
                condition=Q(call_at__isnull=False, dead_at__isnull=True),
            ),
            models.Index(
                fields=["to_number"],
                name="alert_call_under_way",  # the sender: does this phone ring for another one?
                condition=Q(status__in=["calling", "unknown", "ringing", "answered"]),
            ),
            models.Index(fields=["tenant", "-created_at"], name="alert_call_by_tenant"),  # the admin's filter
        ]

    def __str__(self) -> str:
        return self.call_sid or f"alert call {self.pk}"

    @property
    def account_sid(self) -> str:
        """The Twilio account that places it."""
        return self.phone_number.account_sid or settings.TWILIO_ACCOUNT_SID

    def url(self, name: str) -> str:
        """Return the absolute URL of one of its webhooks. It holds the token, and neither words nor numbers."""
        return str(settings.PUBLIC_BASE_URL + reverse(f"alerts:{name}", args=[self.token]))
