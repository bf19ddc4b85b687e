"""Which times of a business are free and which are taken, from the rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from conversations.ai.protocol import Slot
from conversations.booking import slots
from conversations.booking.models import Appointment, BusyTime, Resource
from conversations.booking.slots import Timetable
from tenants.models import BusinessHours, Closure, Tenant


def free_slots(
    *, tenant: Tenant, now: datetime, limit: int, around: datetime | None = None, since: datetime | None = None
) -> list[Slot]:
    """Return up to `limit` free times for a visit in the next 14 days, in order; they may overlap each other.

    The first ones, or those nearest to `around`; none sooner than the business's notice or, if later, than `since`,
    from when on the 14 days count then. A time is free if one of its resources is.
    """
    resources = active_resources(tenant)
    if not resources:
        return []
    notice = now + timedelta(minutes=tenant.booking_notice_minutes)
    earliest = max(notice, since or notice)
    found = slots.free(
        timetable_of(tenant),
        slots.common(list(taken_of(resources, after=earliest).values())),
        length=length_of(tenant),
        earliest=earliest,
    )
    if around is not None:
        return slots.nearest(found, around, limit)
    return [slot for slot, _ in zip(found, range(limit), strict=False)]


def busy(*, tenant: Tenant, now: datetime) -> list[Slot]:
    """Return the times from `now` on, in order, at which every resource of the business is taken."""
    return slots.common(list(taken_of(active_resources(tenant), after=now).values()))


def active_resources(tenant: Tenant) -> list[Resource]:
    """Return who can make visits for the business; the first resource of a business is made here."""
    if not Resource.objects.filter(tenant=tenant).exists():
        Resource.objects.get_or_create(tenant=tenant, name=Resource.FIRST)
    return list(Resource.objects.filter(tenant=tenant, is_active=True))


def taken_of(resources: Sequence[Resource], *, after: datetime) -> dict[int, list[Slot]]:
    """Return, for each resource's id, what takes up its time after a moment: visits and busy times."""
    taken: dict[int, list[Slot]] = {resource.pk: [] for resource in resources}
    spans: list[Iterable[tuple[int, datetime, datetime]]] = [
        rows.filter(resource__in=resources, ends_at__gt=after).values_list("resource_id", "starts_at", "ends_at")
        for rows in (Appointment.objects.open(), BusyTime.objects.all())
    ]
    for rows in spans:
        for resource_id, starts_at, ends_at in rows:
            taken[resource_id].append(Slot(starts_at, ends_at))
    return taken


def timetable_of(tenant: Tenant) -> Timetable:
    """Return when the business makes visits."""
    hours = BusinessHours.objects.filter(tenant=tenant).values_list("weekday", "opens_at", "closes_at")
    closures = Closure.objects.filter(tenant=tenant).values_list("starts_on", "ends_on")
    return Timetable(tenant.timezone, tuple(hours), tuple(closures))


def length_of(tenant: Tenant) -> timedelta:
    """Return how long a visit of the business takes."""
    return timedelta(minutes=tenant.appointment_minutes)
