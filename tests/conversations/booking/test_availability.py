"""What a business can offer, out of its rows."""

from datetime import date, timedelta

from conversations.booking import services
from conversations.booking.models import Appointment, BusyTime, Resource
from tenants.models import Closure
from tests.conversations.booking.conftest import NOW, TUESDAY_10, at


def offered(tenant, limit: int = 3, **wanted) -> list[str]:
    found = services.free_slots(tenant=tenant, now=NOW, limit=limit, **wanted)
    return [slot.start.astimezone(NOW.tzinfo).strftime("%d %H:%M") for slot in found]


def take(tenant, start, hours: float, resource=None) -> None:
    resource = resource or Resource.objects.get_or_create(tenant=tenant, name="Crew")[0]
    BusyTime.objects.create(tenant=tenant, resource=resource, starts_at=start, ends_at=start + timedelta(hours=hours))


def test_the_next_times_after_the_notice(acme, working_week):
    assert offered(acme) == ["26 09:00", "26 09:30", "26 10:00"]
    acme.booking_notice_minutes = 8 * 60
    assert offered(acme) == ["26 16:00", "27 08:00", "27 08:30"]


def test_the_times_nearest_to_the_one_wanted(acme, working_week):
    assert offered(acme, around=TUESDAY_10) == ["27 09:30", "27 10:00", "27 10:30"]


def test_from_a_day_on(acme, working_week):
    assert offered(acme, since=at("2035-12-25T09:15-05:00")) == ["25 09:30", "25 10:00", "25 10:30"]


def test_visits_take_as_long_as_the_business_says(acme, working_week):
    acme.appointment_minutes = 9 * 60

    assert offered(acme) == ["27 08:00", "28 08:00", "29 08:00"]


def test_busy_times_visits_and_closures_are_left_out(acme, ask):
    take(acme, NOW, 8)
    ask(start=at("2035-11-27T08:00-05:00"))
    Closure.objects.create(tenant=acme, starts_on=date(2035, 11, 28), ends_on=date(2035, 11, 28))

    assert offered(acme, limit=2) == ["26 16:00", "27 09:00"]
    assert not [start for start in offered(acme, limit=500) if start.startswith("28")]


def test_visits_that_are_off_are_offered_again(acme, ask):
    services.decline(appointment=ask(start=at("2035-11-26T09:00-05:00")), how=Appointment.How.API)

    assert offered(acme)[0] == "26 09:00"


def test_a_time_is_free_while_one_of_several_resources_is(acme, working_week):
    north, south = (Resource.objects.create(tenant=acme, name=name) for name in ("North", "South"))
    take(acme, NOW, 4, north)
    assert offered(acme)[0] == "26 09:00"

    take(acme, NOW + timedelta(hours=1), 2, south)
    assert offered(acme, limit=2) == ["26 11:00", "26 11:30"]
    [taken] = services.busy(tenant=acme, now=NOW)
    assert (taken.start, taken.end) == (NOW + timedelta(hours=1), NOW + timedelta(hours=3))


def test_a_business_whose_resources_are_all_off_offers_nothing(acme, working_week):
    Resource.objects.create(tenant=acme, name="Crew", is_active=False)

    assert offered(acme) == []


def test_looking_costs_the_same_however_much_is_taken(acme, working_week, django_assert_num_queries):
    offered(acme)
    for day in range(10):
        take(acme, NOW + timedelta(days=day), 1)

    with django_assert_num_queries(6):
        offered(acme)
