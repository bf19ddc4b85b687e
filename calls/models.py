"""A phone call and everything Twilio told us about it."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from nevermisscall.outbox.models import Work
from tenants.models import PhoneNumber, Tenant


class Status(models.TextChoices):
    """Twilio's call status. It only ever moves down this list, and a terminal one stays."""

    QUEUED = "queued", "Queued"
    INITIATED = "initiated", "Initiated"
    RINGING = "ringing", "Ringing"
    IN_PROGRESS = "in-progress", "In progress"
    COMPLETED = "completed", "Completed"
    BUSY = "busy", "Busy"
    FAILED = "failed", "Failed"
    NO_ANSWER = "no-answer", "No answer"
    CANCELED = "canceled", "Canceled"
    UNKNOWN = "unknown", "Unknown"  # a value that Twilio's documentation does not have; the receipt keeps it


TERMINAL = frozenset({Status.COMPLETED, Status.BUSY, Status.FAILED, Status.NO_ANSWER, Status.CANCELED})
# A text that arrives later than this answers a call that nobody remembers.
TOO_LATE = timedelta(minutes=15)
_RANK = {Status.UNKNOWN: 0, Status.QUEUED: 0, Status.INITIATED: 1, Status.RINGING: 2, Status.IN_PROGRESS: 3}


def status_from(raw: str) -> Status:
    """Return Twilio's CallStatus as ours."""
    try:
        return Status(raw)
    except ValueError:
        return Status.UNKNOWN


def is_forward(old: str, new: Status) -> bool:
    """Tell whether a call may move from `old` to `new`. Callbacks arrive late and shuffled."""
    return old not in TERMINAL and _RANK.get(new, 4) > _RANK.get(status_from(old), 0)


class CallQuerySet(models.QuerySet["Call"]):
    def matching(
        self,
        *,
        call_sid: str = "",
        outcome: str = "",
        from_number: str = "",
        to_number: str = "",
        since: datetime | None = None,
    ) -> "CallQuerySet":
        """Return the calls that are all of what is given; `since` is when they started, or later."""
        given = {"call_sid": call_sid, "outcome": outcome, "from_number": from_number, "to_number": to_number}
        wanted: dict[str, Any] = {name: value for name, value in given.items() if value}
        return self.filter(**wanted) if since is None else self.filter(**wanted, started_at__gte=since)


class Call(Work):
    """One inbound call. `status` is Twilio's; `outcome` is what it came to, decided once, in `calls.services`.

        (none) ──▶ answered   a person took it
          │  └───▶ refused    not ours to answer: unknown number, suspended business, the owner's own phone
          └──────▶ missed ──▶ answered   only before the text-back was claimed (`text_back_at`)

    A call without an outcome has `settle_at`: when it passes, `calls.settling` asks Twilio how the call ended.
    """

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Answered"
        MISSED = "missed", "Missed"
        REFUSED = "refused", "Refused"

    class MissedReason(models.TextChoices):
        NO_ANSWER = "no_answer", "Nobody answered"
        BUSY = "busy", "Busy or declined"
        FAILED = "failed", "The owner's number could not be reached"
        ABANDONED = "abandoned", "The caller hung up first"
        NOT_ACCEPTED = "not_accepted", "Answered, but by no person (voicemail)"
        AFTER_HOURS = "after_hours", "Outside business hours"
        NO_FORWARDING = "no_forwarding", "No owner number to ring"

    # None for a number that is not ours, and for a call whose first webhook has not reached us yet.
    # db_index=False here and below: another index begins with the column, or nothing asks by it.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="calls", db_index=False
    )
    phone_number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="calls", db_index=False
    )
    call_sid = models.CharField(max_length=34, unique=True)
    account_sid = models.CharField(max_length=34)
    # As Twilio sent them: a caller may be withheld, a SIP address or a word.
    from_number = models.CharField(max_length=255, blank=True)
    to_number = models.CharField(max_length=255, blank=True)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.INBOUND)
    status = models.CharField(max_length=15, choices=Status, default=Status.RINGING)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    missed_reason = models.CharField(max_length=15, choices=MissedReason, blank=True)
    # What the owner's leg went through when the caller arrived; the tenant may change it meanwhile.
    screening = models.CharField(max_length=10, choices=Tenant.Screening, default=Tenant.Screening.PRESS_1)
    dial_call_status = models.CharField(max_length=30, blank=True, help_text="As Twilio sent it.")
    dial_call_sid = models.CharField(max_length=34, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="When the owner pressed 1.")
    answered_by = models.CharField(max_length=30, blank=True, help_text="Answering machine detection, if it is on.")
    text_back_at = models.DateTimeField(null=True, blank=True, help_text="When the text-back was claimed: once.")
    duration = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds talked.")
    started_at = models.DateTimeField(help_text="When its first webhook reached us, or as Twilio says.")
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    settle_at = models.DateTimeField(null=True, blank=True, help_text="When to ask Twilio if no callback came.")
    reconciled_at = models.DateTimeField(
        null=True, blank=True, help_text="When it, or its end, was found in Twilio's list: no webhook had brought it."
    )

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="missed", missed_reason__gt="") | (~Q(outcome="missed") & Q(missed_reason="")),
                name="missed_call_has_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("tenant_id"), F("started_at").desc(), name="call_by_tenant"),  # lists, newest first
            models.Index(fields=["started_at"], name="call_by_time"),  # the dashboard and /metrics: the last hour, week
            models.Index(fields=["from_number", "-started_at"], name="call_by_caller"),  # the operator's search
            models.Index(
                fields=["dead_at"], name="call_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(
                fields=["settle_at"],
                name="call_to_settle",  # the sweeper: whose callbacks never came?
                condition=Q(settle_at__isnull=False, dead_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.call_sid

    @property
    def came_too_late(self) -> bool:
        """Whether it was found so long after its end that its caller is not to be texted: the owner is told instead."""
        return self.reconciled_at is not None and self.reconciled_at - (self.ended_at or self.started_at) > TOO_LATE

    # -- what `calls.services` needs while it holds the row's lock -----------------------------------------------------

    def remember(self) -> None:
        """Take what the columns hold now for what the database holds, and forget earlier events."""
        self._stored = {field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields}
        self.unsaved_events: list[tuple[Any, ...]] = []  # columns of CallEvent, in order

    def changed_fields(self) -> list[str]:
        """Return the columns that differ from what the database holds."""
        return [name for name, value in self._stored.items() if getattr(self, name) != value]


class CallEvent(models.Model):
    """One webhook or decision in the life of a call, in the order we learnt of it. Append-only."""

    class Kind(models.TextChoices):
        INCOMING = "incoming", "Call arrived"
        LEG = "leg", "Owner's leg progressed"
        SCREENED = "screened", "Owner picked up, heard the whisper"
        ACCEPTED = "accepted", "Owner pressed 1"
        NOT_ACCEPTED = "not_accepted", "Owner pressed something else"
        DIALED = "dialed", "Forwarding ended"
        ENDED = "ended", "Call ended"
        MACHINE = "machine", "Machine detection"
        RECORDING = "recording", "Recording"
        DECIDED = "decided", "Outcome decided"
        SETTLED = "settled", "Settled by asking Twilio"
        FOUND = "found", "Found in Twilio's list"
        ASKED = "asked", "Asked Twilio when it was made"

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=15, choices=Kind)
    detail = models.CharField(max_length=120, blank=True, help_text="Status or reason.")
    leg_sid = models.CharField(max_length=34, blank=True)
    receipt_id = models.BigIntegerField(null=True, blank=True, help_text="The webhook that said so.")
    occurred_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.detail}".strip()
