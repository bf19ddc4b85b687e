"""The businesses, their numbers and hours. People and texts are in `tenants.people` and `tenants.texts`."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from nevermisscall.lib.clock import now
from nevermisscall.lib.crypto import EncryptedTextField
from tenants.consents import Consent
from tenants.people import ApiKey, Contact, Membership
from tenants.texts import TextTemplate
from tenants.validators import validate_e164, validate_messaging_service_sid, validate_timezone

__all__ = [
    "ApiKey",
    "BusinessHours",
    "Closure",
    "Consent",
    "Contact",
    "Membership",
    "OwnerNumber",
    "PhoneNumber",
    "Tenant",
    "TextTemplate",
    "TwilioAccount",
]

MIDNIGHT = time(0, 0)


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    SPANISH = "es", "Spanish"


class Tenant(models.Model):
    """A business. Its fields decide how a call is routed and what happens after a miss."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"  # an operator: callers hear that nobody can be reached here
        CLOSED = "closed", "Closed"  # an operator: for good

    class Screening(models.TextChoices):
        PRESS_1 = "press_1", "The owner presses 1 to accept"
        AMD = "amd", "Twilio tells voicemail from a person"
        OFF = "off", "Whoever answers has answered, voicemail too"

    class RecordingMode(models.TextChoices):
        OFF = "off", "Never"
        ON = "on", "Every answered call"
        VOICEMAIL_ONLY = "voicemail_only", "Voicemail only"

    class MissedCallAction(models.TextChoices):
        TEXT = "text", "One sentence, then a text"
        VOICEMAIL = "voicemail", "Voicemail, and a text"
        AI_VOICE = "ai_voice", "The AI agent talks"

    class RingStrategy(models.TextChoices):
        TOGETHER = "together", "All owner numbers at once"
        IN_ORDER = "in_order", "One owner number after another"

    name = models.CharField(max_length=120, help_text="As customers know it; texts and greetings say it.")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    timezone = models.CharField(max_length=60, default="America/New_York", validators=[validate_timezone])
    trade = models.CharField(max_length=40, default="general")
    language = models.CharField(max_length=5, choices=Language, default=Language.ENGLISH)
    service_area = models.TextField(blank=True, help_text="Towns or postal codes served, in words.")
    job_estimates = models.JSONField(default=dict, blank=True, help_text="The only prices the AI may name.")

    ring_timeout_seconds = models.PositiveSmallIntegerField(
        default=20,
        validators=[MinValueValidator(5), MaxValueValidator(60)],
        help_text="Twilio adds about 5 s. From about 25 s on, carriers' voicemail picks up.",
    )
    ring_strategy = models.CharField(max_length=10, choices=RingStrategy, default=RingStrategy.TOGETHER)
    ring_after_hours = models.BooleanField(default=False, help_text="Ring the owner outside business hours too.")
    answer_screening = models.CharField(max_length=10, choices=Screening, default=Screening.PRESS_1)
    recording_mode = models.CharField(max_length=15, choices=RecordingMode, default=RecordingMode.OFF)
    missed_call_action = models.CharField(max_length=10, choices=MissedCallAction, default=MissedCallAction.TEXT)
    text_back_cooldown_minutes = models.PositiveSmallIntegerField(
        default=30, help_text="A customer who calls again within this time gets no second text."
    )
    ai_enabled = models.BooleanField(default=True)
    ai_takeover_seconds = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(600)], help_text="Empty: AI_TAKEOVER_SECONDS."
    )
    human_silence_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(2)],
        help_text="A customer waits this long for the person who took over; then the AI answers. Empty: never.",
    )
    appointment_minutes = models.PositiveSmallIntegerField(
        default=60, db_default=60, validators=[MinValueValidator(15), MaxValueValidator(720)]
    )
    booking_notice_minutes = models.PositiveSmallIntegerField(
        default=60, db_default=60, help_text="No visit is offered that begins sooner than this."
    )
    call_owner_when_undelivered = models.BooleanField(
        default=False, db_default=False, help_text="Also call the owner when a text-back did not reach the caller."
    )
    alerts_quiet_until = models.DateTimeField(
        null=True, blank=True, help_text="The owner asked for quiet until then. Emergencies are told anyway."
    )
    daily_text_cap = models.PositiveIntegerField(
        default=20_000,
        db_default=20_000,
        help_text="Texts in 24 hours, against runaway costs. Alerts and emergencies are not capped.",
    )
    retention_days = models.PositiveSmallIntegerField(default=365)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class TwilioAccount(models.Model):
    """A Twilio account with its own credentials: a tenant's own, or an addition to the platform's (no tenant).

    The platform's main account is TWILIO_ACCOUNT_SID in the environment and needs no row here.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="twilio_accounts")
    account_sid = models.CharField(max_length=34, unique=True)
    auth_token = EncryptedTextField()
    auth_token_secondary = EncryptedTextField(blank=True, help_text="Also accepted on webhooks during a rotation.")
    shared_key_id = models.CharField(max_length=64, blank=True, help_text="If webhooks are signed with a SharedKey.")
    shared_key_secret = EncryptedTextField(blank=True)

    def __str__(self) -> str:
        return self.account_sid


class PhoneNumber(models.Model):
    """A number that customers call, and texts come from."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PROVISIONING = "provisioning", "Being set up"  # calls are routed, texts are not sent
        PORTING = "porting", "Being ported"  # calls are routed, texts are not sent
        RELEASED = "released", "Released"  # kept for history; the number may belong to somebody else now

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="numbers")
    account = models.ForeignKey(
        TwilioAccount, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: the platform's account."
    )
    number = models.CharField(max_length=16, validators=[validate_e164])
    number_sid = models.CharField(max_length=34, blank=True, help_text="PN…")
    is_primary = models.BooleanField(default=True, help_text="Owner alerts leave from this number.")
    state = models.CharField(max_length=15, choices=State, default=State.ACTIVE)
    texts_per_second = models.DecimalField(
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text="What its registration allows, or that of its pool: then the same on all numbers of the pool. "
        "Empty: what its kind of number usually does.",
    )
    messaging_service_sid = models.CharField(
        max_length=34,
        blank=True,
        db_default="",
        validators=[validate_messaging_service_sid],
        help_text="MG…: texts leave through this pool, still from this number. Empty: by this number alone.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], condition=~Q(state="released"), name="number_in_use_once"),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(is_primary=True) & ~Q(state="released"), name="one_primary_number"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def channel(self) -> str:
        """What its texts share a pace and an order with: the pool it sends through, else the number itself."""
        return self.messaging_service_sid or self.number

    @property
    def account_sid(self) -> str:
        """The account that owns the number; empty means the platform's."""
        return self.account.account_sid if self.account else ""


class OwnerNumber(models.Model):
    """A phone of the business's own people: rung on a call, told about misses."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="owner_numbers")
    number = models.CharField(max_length=16, validators=[validate_e164])
    name = models.CharField(max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Lowest rings first and gets the alerts.")
    is_active = models.BooleanField(default=True, help_text="Off: not rung, but still known as one of theirs.")

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "number"], name="owner_number_once"),
        ]

    def __str__(self) -> str:
        return self.number


class BusinessHours(models.Model):
    """One interval of one weekday. A day may have several; a business with none at all is always open."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens_at = models.TimeField(help_text="Wall-clock time of the tenant's time zone.")
    closes_at = models.TimeField(help_text="00:00 is midnight at the end of the day. A night shift is two rows.")

    class Meta:
        verbose_name_plural = "business hours"
        ordering: ClassVar = ["weekday", "opens_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")) | Q(closes_at=MIDNIGHT), name="hours_close_after_opening"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"

    def clean(self) -> None:
        if self.closes_at and self.opens_at and MIDNIGHT != self.closes_at <= self.opens_at:
            raise ValidationError({"closes_at": "must be later than opens_at; 00:00 is the end of the day"})


class Closure(models.Model):
    """Days on which the business is closed whatever its hours: holidays, a week off."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="closures")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last closed day.")
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar = ["starts_on"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="closure_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on}–{self.ends_on} {self.reason}".strip()


def is_open(
    *,
    zone: str,
    hours: list[tuple[int, time, time]],
    closures: list[tuple[date, date]],
    at: datetime | None = None,
) -> bool:
    """Tell whether a business is open at `at` (aware; now by default).

    `hours` are (weekday, opens, closes) in wall-clock time of `zone`, so 08:00 stays 08:00 across a change to or from
    daylight saving time, and an hour that the clock shows twice counts both times. `closures` are (first, last) days.
    """
    local = (at or now()).astimezone(ZoneInfo(zone))
    if any(first <= local.date() <= last for first, last in closures):
        return False
    if not hours:
        return True
    clock = local.time()
    return any(
        weekday == local.weekday() and opens <= clock and (clock < closes or closes == MIDNIGHT)
        for weekday, opens, closes in hours
    )
