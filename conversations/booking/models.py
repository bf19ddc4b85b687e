"""Who can make visits, when they cannot, the visits, and the calendars that show them."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import BigIntegerField, Expression, ExpressionWrapper, F, Func, Q

from conversations.models import Conversation
from nevermisscall.lib.clock import now
from nevermisscall.lib.crypto import EncryptedTextField
from nevermisscall.outbox.models import Work
from tenants.models import Contact, Tenant


class Resource(models.Model):
    """Whoever or whatever makes one visit at a time: a crew, a van, a room. Every business gets its first by itself."""

    FIRST = "Crew"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="resources")
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True, help_text="Off: gets no new visits; those it has stay.")
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="resource_once"),
        ]

    def __str__(self) -> str:
        return self.name


class BusyTime(models.Model):
    """A time at which a resource makes no visits: another job, a dentist, a day off. Visits it has stay."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="busy_times", db_index=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="busy_times", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_time_ends_after_start"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["resource", "ends_at"], name="busy_time_to_come"),  # which times are taken?
            models.Index(fields=["tenant", "starts_at"], name="busy_time_by_tenant"),  # the API's list
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.starts_at:%Y-%m-%d %H:%M}–{self.ends_at:%H:%M} UTC"

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "must be later than starts_at"})
        if self.resource_id and self.tenant_id and self.resource.tenant_id != self.tenant_id:
            raise ValidationError({"resource": "belongs to another business"})


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def open(self) -> "AppointmentQuerySet":
        """Those that take their time up: asked for or agreed."""
        return self.filter(status__in=Appointment.OPEN)

    def matching(
        self,
        *,
        status: str = "",
        conversation_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> "AppointmentQuerySet":
        """Return the visits that are all of what is given: those that begin from `since` on and before `until`."""
        given = {
            "status": status,
            "conversation_id": conversation_id,
            "starts_at__gte": since,
            "starts_at__lt": until,
        }
        return self.filter(**{name: value for name, value in given.items() if value not in ("", None)})


def _minute(column: str, rounding: str) -> Func:
    """Return SQL for whole minutes since 1970. Only without its zone is a time's epoch immutable to PostgreSQL."""
    template = f"{rounding}(extract(epoch FROM %(expressions)s AT TIME ZONE 'UTC') / 60)::bigint"
    return Func(F(column), template=template, output_field=BigIntegerField())


def _place(column: str, rounding: str) -> Expression:
    return ExpressionWrapper(F("resource") * 2**32 + _minute(column, rounding), output_field=BigIntegerField())


class Appointment(Work):
    """One visit to a customer.

        requested ──confirm──▶ confirmed ──cancel──▶ canceled
         │  │  └─────cancel────────────────────────▶ canceled
         │  └────decline──▶ declined
         └──the hold ends──▶ expired ──confirm, if the time is still free──▶ confirmed

    The dispatcher asks for one when the customer has chosen a time. A person of the business confirms, declines and
    cancels, from the API, the admin or their own phone; the customer cancels too. Until `hold_expires_at` nobody else
    gets the time. Each move has one place, `services`; a repeat of it changes nothing.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", "Requested"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"
        CANCELED = "canceled", "Canceled"
        EXPIRED = "expired", "Nobody confirmed it"

    class How(models.TextChoices):
        """From where the last decision came."""

        API = "api", "API"
        ADMIN = "admin", "Admin"
        PHONE = "phone", "A text from the owner's phone"
        CUSTOMER = "customer", "The customer"
        SYSTEM = "system", "Time ran out"

    OPEN = (Status.REQUESTED, Status.CONFIRMED)

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="appointments", db_index=False)
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="appointments", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="appointments")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    hold_expires_at = models.DateTimeField(null=True, blank=True, help_text="Until then the time is kept unconfirmed.")
    job_type = models.CharField(max_length=60, blank=True, help_text="Such as plumbing_drain.")
    problem = models.TextField(blank=True, help_text="What is wrong, in the customer's words or a summary of them.")
    address = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_how = models.CharField(max_length=10, choices=How, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was declined or canceled; for us only.")
    idempotency_key = models.CharField(max_length=120, help_text="One appointment for each key and business.")
    uid = models.UUIDField(default=uuid.uuid4, editable=False, help_text="What calendars know it by.")
    revision = models.PositiveSmallIntegerField(default=0, help_text="How often it was changed; calendars go by it.")
    created_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # PostgreSQL's GiST knows ranges but, without an extension, no integers beside them. So resource and time
            # are one number, the resource in its upper half, and a visit is a range of such numbers.
            ExclusionConstraint(
                name="appointments_do_not_overlap",
                expressions=[
                    (Func(_place("starts_at", "floor"), _place("ends_at", "ceil"), function="int8range"), "&&")
                ],
                condition=Q(status__in=["requested", "confirmed"]),
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"),
            models.CheckConstraint(
                condition=Q(status="requested", hold_expires_at__isnull=False)
                | ~Q(status="requested") & Q(hold_expires_at__isnull=True),
                name="requested_is_held",
            ),
            models.UniqueConstraint(fields=["tenant", "idempotency_key"], name="appointment_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "starts_at"], name="appointment_by_tenant"),  # API, calendar feed
            models.Index(fields=["starts_at"], name="appointment_by_time"),  # the admin's list
            models.Index(
                fields=["resource", "ends_at"],
                name="appointment_to_come",  # which times are taken?
                condition=Q(status__in=["requested", "confirmed"]),
            ),
            models.Index(
                fields=["hold_expires_at"],
                name="appointment_due",  # the sweeper: whose hold has ended?
                condition=Q(hold_expires_at__isnull=False, dead_at__isnull=True),
            ),
            models.Index(
                fields=["dead_at"], name="appointment_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
        ]

    def __str__(self) -> str:
        return f"visit {self.pk}"


class CalendarFeed(models.Model):
    """An address at which a business's visits can be read by any calendar program, by whoever knows the address.

    It is found by the hash of its token; the token itself is kept, encrypted, to be shown again.
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="calendar_feed")
    token = EncryptedTextField(editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    renewed_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"calendar of {self.tenant}"
