"""Ask for a visit, confirm it, decline it, call it off. What is free is in `conversations.booking.availability`.

Locks are taken in one order: the conversation, the resources, the appointment. With the resources locked nobody else
books a time between our look at it and our row; that two visits never overlap is the database's own constraint besides.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Least

from conversations.ai.protocol import Slot
from conversations.booking import availability, slots, telling
from conversations.booking.availability import busy, free_slots
from conversations.booking.events import (
    AppointmentCanceled,
    AppointmentConfirmed,
    AppointmentDeclined,
    AppointmentExpired,
    AppointmentFact,
    AppointmentRequested,
)
from conversations.booking.models import Appointment, Resource
from conversations.models import Conversation
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.lib.refusals import Refusal
from nevermisscall.lib.text import storable
from nevermisscall.outbox import facts
from tenants.models import Tenant

__all__ = [
    "InvalidTransition",
    "SlotTaken",
    "busy",
    "cancel",
    "confirm",
    "decline",
    "expire",
    "free_slots",
    "request",
]

Status, How = Appointment.Status, Appointment.How

HOLD = timedelta(hours=24)  # how long a time is kept for somebody whom nobody has answered; never past its beginning

_FACTS: dict[str, type[AppointmentFact]] = {
    Status.REQUESTED: AppointmentRequested,
    Status.CONFIRMED: AppointmentConfirmed,
    Status.DECLINED: AppointmentDeclined,
    Status.CANCELED: AppointmentCanceled,
    Status.EXPIRED: AppointmentExpired,
}


class SlotTaken(Refusal):
    """The time is not free, or not any more."""

    def __init__(self) -> None:
        super().__init__("slot_taken", "that time is not free any more; choose another one")


class InvalidTransition(Refusal):
    """The visit is not in a state from which it can be moved so."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_transition", message)


@transaction.atomic
def request(
    *,
    conversation: Conversation,
    start: datetime,
    key: str,
    job_type: str = "",
    problem: str = "",
    address: str = "",
) -> Appointment:
    """Keep a time for a customer until the business has decided, a day at most, and return the visit.

    It lasts as long as the business's visits do. Any time to come will do that is inside the hours and free, on the
    grid of `free_slots` or not, at shorter notice too. Nothing is sent: whoever asks is telling the customer. The same
    `key` of the same business returns the visit that is there already. Raises `SlotTaken`.
    """
    tenant = conversation.tenant
    Conversation.objects.select_for_update().get(pk=conversation.pk)
    known = Appointment.objects.filter(tenant=tenant, idempotency_key=key).first()
    if known is not None:
        return known
    start = start.replace(second=0, microsecond=0)
    wanted = Slot(start, start + availability.length_of(tenant))
    appointment = Appointment.objects.create(
        tenant=tenant,
        resource=_free_resource(tenant, wanted),
        contact_id=conversation.contact_id,
        conversation=conversation,
        starts_at=wanted.start,
        ends_at=wanted.end,
        hold_expires_at=Least(DatabaseClock() + HOLD, wanted.start),
        job_type=storable(job_type)[:60],
        problem=storable(problem),
        address=storable(address)[:300],
        idempotency_key=key,
    )
    appointment.refresh_from_db()
    facts.publish(AppointmentRequested(appointment))
    return appointment


@transaction.atomic
def confirm(*, appointment: Appointment, how: Appointment.How, user: AbstractBaseUser | None = None) -> Appointment:
    """The business comes. The customer is told; a repeat changes nothing and tells nobody.

    One that nobody confirmed in time is confirmed still if its time is free. Raises `InvalidTransition`, and
    `SlotTaken` if another visit has the time by now.
    """
    row = _lock(appointment)
    if row.status == Status.CONFIRMED:
        return row
    _must_be(row, {Status.REQUESTED, Status.EXPIRED}, Status.CONFIRMED)
    if row.starts_at <= utcnow():
        raise InvalidTransition("the time of this visit has passed")
    others = Appointment.objects.open().filter(resource=row.resource_id).exclude(pk=row.pk)
    if others.filter(starts_at__lt=row.ends_at, ends_at__gt=row.starts_at).exists():
        raise SlotTaken
    return _move(row, Status.CONFIRMED, how, user)


@transaction.atomic
def decline(
    *, appointment: Appointment, how: Appointment.How, user: AbstractBaseUser | None = None, reason: str = ""
) -> Appointment:
    """The business cannot come then. The customer is told, without the reason, and asked for another time.

    A repeat changes nothing and tells nobody. Raises `InvalidTransition`.
    """
    row = _lock(appointment)
    if row.status == Status.DECLINED:
        return row
    _must_be(row, {Status.REQUESTED}, Status.DECLINED)
    return _move(row, Status.DECLINED, how, user, reason)


@transaction.atomic
def cancel(
    *, appointment: Appointment, how: Appointment.How, user: AbstractBaseUser | None = None, reason: str = ""
) -> Appointment:
    """Call a visit off. The customer is told, unless it was them (`how`): then whoever answers them tells it.

    A repeat changes nothing and tells nobody. Raises `InvalidTransition`.
    """
    row = _lock(appointment)
    if row.status == Status.CANCELED:
        return row
    _must_be(row, Appointment.OPEN, Status.CANCELED)
    return _move(row, Status.CANCELED, how, user, reason)


@transaction.atomic
def expire(appointment: Appointment) -> None:
    """Give a claimed visit's time back: nobody confirmed it. The customer is told; a late confirmation still counts."""
    row = _lock(appointment)
    if row.status == Status.REQUESTED and row.fence == appointment.fence:
        _move(row, Status.EXPIRED, How.SYSTEM, None)
        telling.tell_owner_of_expiry(row)


def _lock(appointment: Appointment) -> Appointment:
    if appointment.conversation_id is not None:
        Conversation.objects.select_for_update().filter(pk=appointment.conversation_id).first()
    Resource.objects.select_for_update(no_key=True).get(pk=appointment.resource_id)
    rows = Appointment.objects.select_related("tenant", "contact", "conversation")
    return rows.select_for_update(of=["self"]).get(pk=appointment.pk)


def _must_be(row: Appointment, allowed: Collection[str], to: str) -> None:
    if row.status not in allowed:
        raise InvalidTransition(f"a visit that is {row.status} cannot become {to}")


def _move(
    row: Appointment, to: Appointment.Status, how: Appointment.How, user: AbstractBaseUser | None, reason: str = ""
) -> Appointment:
    row.status = to
    row.decided_at = row.changed_at = utcnow()
    row.decided_how, row.decided_by_id = how, user.pk if user else None
    row.reason = storable(reason)[:200]
    row.revision += 1
    row.hold_expires_at = row.lease_until = row.fence = row.dead_at = None
    row.save()
    facts.publish(_FACTS[to](row))
    telling.withdraw(row)
    if how != How.CUSTOMER:
        telling.tell_customer(row)
    return row


def _free_resource(tenant: Tenant, wanted: Slot) -> Resource:
    """Return a resource that is free then, locked. Raises `SlotTaken`."""
    if wanted.start <= utcnow():
        raise SlotTaken
    known = [resource.pk for resource in availability.active_resources(tenant)]
    resources = list(Resource.objects.select_for_update(no_key=True).filter(pk__in=known).order_by("pk"))
    timetable = availability.timetable_of(tenant)
    taken = availability.taken_of(resources, after=wanted.start)
    for resource in resources:
        if slots.fits(timetable, taken[resource.pk], wanted):
            return resource
    raise SlotTaken
