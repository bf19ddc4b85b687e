"""When a business is open: wall clocks, of its own zone, whatever they do twice a year."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.models import BusinessHours, Closure, is_open

NEW_YORK = "America/New_York"
MONDAY, SUNDAY = 0, 6
EVERY_DAY = range(7)


def interval(day: int, opens: str, closes: str) -> tuple[int, time, time]:
    return day, time.fromisoformat(opens), time.fromisoformat(closes)


def open_at(at: str, *hours: tuple[int, time, time], zone: str = NEW_YORK, closures=()) -> bool:
    return is_open(zone=zone, hours=list(hours), closures=list(closures), at=datetime.fromisoformat(at))


def test_a_business_without_hours_is_always_open():
    assert open_at("2026-01-05T03:00:00Z")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-01-05T07:59:59.999999-05:00", False),
        ("2026-01-05T08:00:00-05:00", True),
        ("2026-01-05T16:59:59.999999-05:00", True),
        ("2026-01-05T17:00:00-05:00", False),
        ("2026-01-06T12:00:00-05:00", False),
        ("2026-07-06T08:00:00-04:00", True),
        ("2026-07-06T17:00:00-04:00", False),
    ],
)
def test_it_opens_on_the_dot_and_closes_on_the_dot(at, expected):
    assert open_at(at, interval(MONDAY, "08:00", "17:00")) == expected


def test_a_day_may_have_several_intervals():
    hours = interval(MONDAY, "08:00", "12:00"), interval(MONDAY, "13:00", "17:00"), interval(MONDAY, "19:00", "20:00")
    seen = [open_at(f"2026-01-05T{hour:02}:30:00-05:00", *hours) for hour in range(7, 21)]

    assert seen == [hour in {8, 9, 10, 11, 13, 14, 15, 16, 19} for hour in range(7, 21)]


# -- clocks that change -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "at", "hours", "expected"),
    [
        # 2026-03-08: 02:00 EST becomes 03:00 EDT.
        (NEW_YORK, "2026-03-08T06:59:00Z", ("01:00", "04:00"), True),
        (NEW_YORK, "2026-03-08T07:00:00Z", ("01:00", "04:00"), True),
        (NEW_YORK, "2026-03-08T08:00:00Z", ("01:00", "04:00"), False),
        (NEW_YORK, "2026-03-08T06:59:59Z", ("02:00", "03:00"), False),  # an hour that day does not have
        (NEW_YORK, "2026-03-08T07:00:00Z", ("02:00", "03:00"), False),
        # 2026-11-01: 02:00 EDT becomes 01:00 EST.
        (NEW_YORK, "2026-11-01T04:59:00Z", ("01:00", "02:00"), False),
        (NEW_YORK, "2026-11-01T05:30:00Z", ("01:00", "02:00"), True),  # an hour that day has twice
        (NEW_YORK, "2026-11-01T06:30:00Z", ("01:00", "02:00"), True),
        (NEW_YORK, "2026-11-01T07:00:00Z", ("01:00", "02:00"), False),
        (NEW_YORK, "2026-11-02T04:59:59Z", ("20:00", "00:00"), True),  # the last second of that Sunday
        (NEW_YORK, "2026-11-02T05:00:00Z", ("20:00", "00:00"), False),
        # Half an hour, the other way round the year.
        ("Australia/Lord_Howe", "2026-04-04T15:15:00Z", ("01:30", "02:00"), True),  # 01:45, the second time
        ("Australia/Lord_Howe", "2026-10-03T15:29:00Z", ("01:30", "02:00"), True),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", ("02:00", "02:30"), False),
        # Zones that have no such days.
        ("America/Phoenix", "2026-03-08T09:30:00Z", ("02:00", "03:00"), True),
        ("Asia/Kolkata", "2026-03-07T20:45:00Z", ("02:00", "03:00"), True),
        ("Pacific/Kiritimati", "2026-03-07T12:00:00Z", ("02:00", "03:00"), True),
    ],
)
def test_wall_clocks_decide_on_the_days_they_change(zone, at, hours, expected):
    assert open_at(at, interval(SUNDAY, *hours), zone=zone) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-01-05T00:00:00-05:00", True),
        ("2026-01-05T23:59:59.999999-05:00", True),
        ("2026-01-06T00:00:00-05:00", False),
    ],
)
def test_midnight_closes_at_the_end_of_the_day(at, expected):
    assert open_at(at, interval(MONDAY, "00:00", "00:00")) == expected


@settings(derandomize=True, max_examples=100)
@given(
    st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),  # 2020 to 2035
    st.sampled_from([NEW_YORK, "Pacific/Auckland", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC"]),
)
def test_a_business_that_never_closes_is_open_at_every_moment(at, zone):
    all_day = [(day, time(0, 0), time(0, 0)) for day in EVERY_DAY]
    halves = [(day, *half) for day in EVERY_DAY for half in ((time(0, 0), time(12, 0)), (time(12, 0), time(0, 0)))]

    assert is_open(zone=zone, hours=all_day, closures=[], at=at)
    assert is_open(zone=zone, hours=halves, closures=[], at=at)


def test_now_is_the_default(time_machine):
    time_machine.move_to("2026-01-05T13:00:00Z", tick=False)

    assert is_open(zone=NEW_YORK, hours=[interval(MONDAY, "08:00", "17:00")], closures=[])


# -- closures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-12-23T23:59:59-05:00", True),
        ("2026-12-24T00:00:00-05:00", False),
        ("2026-12-26T23:59:59-05:00", False),
        ("2026-12-27T00:00:00-05:00", True),
    ],
)
@pytest.mark.parametrize("hours", [[], [(day, time(0, 0), time(0, 0)) for day in EVERY_DAY]])
def test_a_closure_is_from_its_first_day_to_its_last(at, expected, hours):
    assert open_at(at, *hours, closures=[(date(2026, 12, 24), date(2026, 12, 26))]) == expected


# -- what may be stored -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(("opens", "closes"), [("17:00", "08:00"), ("08:00", "08:00"), ("00:01", "00:00:01")])
def test_hours_close_after_they_open(acme, opens, closes):
    hours = BusinessHours(
        tenant=acme, weekday=0, opens_at=time.fromisoformat(opens), closes_at=time.fromisoformat(closes)
    )

    with pytest.raises(ValidationError, match=r"must be later than opens_at; 00:00 is the end of the day"):
        hours.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        hours.save()


@pytest.mark.django_db
@pytest.mark.parametrize(("opens", "closes"), [("08:00", "17:00"), ("08:00", "00:00"), ("00:00", "00:00")])
def test_midnight_is_later_than_any_opening(acme, opens, closes):
    hours = BusinessHours(
        tenant=acme, weekday=0, opens_at=time.fromisoformat(opens), closes_at=time.fromisoformat(closes)
    )
    hours.full_clean()
    hours.save()

    assert str(hours) == f"Monday {opens}\N{EN DASH}{closes}"


@pytest.mark.django_db
def test_a_closure_ends_after_it_starts(acme):
    with pytest.raises(IntegrityError), transaction.atomic():
        Closure.objects.create(tenant=acme, starts_on=date(2026, 12, 26), ends_on=date(2026, 12, 24))
    closure = Closure.objects.create(
        tenant=acme, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 24), reason="Eve"
    )

    assert str(closure) == "2026-12-24\N{EN DASH}2026-12-24 Eve"
