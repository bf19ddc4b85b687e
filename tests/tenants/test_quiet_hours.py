"""When a person may be texted: by their own clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import quiet_hours
from tenants.quiet_hours import ANYWHERE, next_opening, zones_of

NEW_YORK, LOS_ANGELES = "+12125550123", "+13105550123"
MANY_ZONES = ["+18005550123", "+15005550123", "+447700900123", "+88212345678", "not a number", ""]


@pytest.fixture(autouse=True)
def _shipped_hours(settings):
    settings.SMS_DAYTIME_HOURS = [9, 20]


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        (NEW_YORK, ("America/New_York",)),
        (LOS_ANGELES, ("America/Los_Angeles",)),
        ("+12085550123", ("America/Boise", "America/Los_Angeles")),
        ("+525512345678", ("America/Mexico_City",)),
        *((number, ANYWHERE) for number in MANY_ZONES),
    ],
)
def test_a_number_tells_its_zones(number, zones):
    assert zones_of(number) == zones


@pytest.mark.parametrize(
    ("clock", "opens"),
    [
        ((2026, 1, 15, 8, 59), (2026, 1, 15, 9, 0)),
        ((2026, 1, 15, 9, 0), (2026, 1, 15, 9, 0)),
        ((2026, 1, 15, 19, 59), (2026, 1, 15, 19, 59)),
        ((2026, 1, 15, 20, 0), (2026, 1, 16, 9, 0)),
        ((2026, 1, 15, 23, 30), (2026, 1, 16, 9, 0)),
        ((2026, 3, 7, 22, 0), (2026, 3, 8, 9, 0)),  # the clock goes forward in between
        ((2026, 10, 31, 22, 0), (2026, 11, 1, 9, 0)),  # and back
    ],
)
def test_one_zone(clock, opens):
    assert next_opening(zones_of(NEW_YORK), at("America/New_York", *clock)) == at("America/New_York", *opens)


def test_of_several_zones_the_last_to_wake_decides():
    zones = ("America/New_York", "America/Los_Angeles")

    assert next_opening(zones, at("America/New_York", 2026, 1, 15, 9)) == at("America/Los_Angeles", 2026, 1, 15, 9)
    # 20:30 in New York, still day in Los Angeles
    assert next_opening(zones, at("America/New_York", 2026, 1, 15, 20, 30)) == at("America/Los_Angeles", 2026, 1, 16, 9)


@pytest.mark.parametrize("month", [1, 7])
def test_an_unknown_place_has_the_narrowest_window(month):
    opening = next_opening(ANYWHERE, at("America/New_York", 2026, month, 15, 3))

    assert opening == at("Pacific/Honolulu", 2026, month, 15, 9)
    open_minutes = sum(
        next_opening(ANYWHERE, moment) == moment
        for moment in (opening + timedelta(minutes=minute) for minute in range(24 * 60))
    )
    assert 2.5 * 60 <= open_minutes <= 5 * 60


def test_zones_without_a_common_hour_count_as_unknown():
    apart = ("Pacific/Auckland", "America/New_York", "Europe/Paris")
    now = datetime(2026, 1, 15, 3, tzinfo=UTC)

    assert next_opening(apart, now) == next_opening(ANYWHERE, now)


@given(
    st.integers(0, 5 * 365 * 24 * 60).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from(
        [NEW_YORK, LOS_ANGELES, "+12085550123", "+19075550123", "+18085550123", *MANY_ZONES, "+79161234567"]
    ),
)
def test_the_opening_is_soon_and_in_the_daytime_of_every_zone(moment, number):
    zones = zones_of(number)
    opening = next_opening(zones, moment)

    assert moment <= opening <= moment + timedelta(days=2)
    hours = {opening.astimezone(ZoneInfo(zone)).hour for zone in zones}
    assert hours <= set(range(*[9, 20]))
    assert next_opening(zones, opening) == opening


def test_hours_are_a_setting(settings):
    settings.SMS_DAYTIME_HOURS = [12, 18]
    assert next_opening(zones_of(NEW_YORK), at("America/New_York", 2026, 1, 15, 9)) == at(
        "America/New_York", 2026, 1, 15, 12
    )
    assert quiet_hours.zones_of.cache_info().currsize
