"""Outside business hours the owner sleeps, and the customer gets the text. Wall clocks decide, wherever they hang."""

from datetime import date, time

import pytest

from tenants.models import BusinessHours, Closure
from tests.calls.conftest import result_of, topics, verbs

pytestmark = pytest.mark.django_db

RINGS, CLOSED = ["Dial", "Number"], ["Say", "Hangup"]
MONDAY, SATURDAY, SUNDAY = 0, 5, 6


@pytest.fixture
def open_on(acme):
    """Open Acme on a weekday, from–to."""

    def add(weekday: int, *intervals: tuple[str, str]) -> None:
        for opens, closes in intervals:
            BusinessHours.objects.create(
                tenant=acme, weekday=weekday, opens_at=time.fromisoformat(opens), closes_at=time.fromisoformat(closes)
            )

    return add


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-01-05T12:59:59Z", CLOSED),  # Monday 07:59:59 in New York
        ("2026-01-05T13:00:00Z", RINGS),
        ("2026-01-05T17:30:00Z", CLOSED),  # lunch
        ("2026-01-05T18:00:00Z", RINGS),
        ("2026-01-05T22:00:00Z", CLOSED),
        ("2026-01-06T14:00:00Z", CLOSED),  # no hours on Tuesday
        ("2026-07-06T11:59:59Z", CLOSED),  # an hour earlier in summer
        ("2026-07-06T12:00:00Z", RINGS),
    ],
)
def test_several_intervals_a_day(open_on, twilio, time_machine, at, expected):
    open_on(MONDAY, ("08:00", "12:00"), ("13:00", "17:00"))
    time_machine.move_to(at, tick=False)

    assert verbs(twilio.incoming_call()) == expected


def test_a_call_after_hours_is_a_missed_one(open_on, twilio, time_machine):
    open_on(MONDAY, ("08:00", "17:00"))
    time_machine.move_to("2026-01-06T14:00:00Z", tick=False)
    twilio.incoming_call()

    assert result_of(twilio.call_sid) == ("missed", "after_hours")
    assert topics(twilio.call_sid) == ["call.incoming", "call.missed"]


def test_after_hours_voicemail_is_taken_too(open_on, set_up, twilio, time_machine):
    set_up(missed_call_action="voicemail")
    open_on(MONDAY, ("08:00", "17:00"))
    time_machine.move_to("2026-01-06T14:00:00Z", tick=False)

    assert verbs(twilio.incoming_call()) == ["Say", "Record"]


def test_a_business_that_rings_after_hours_is_rung(open_on, set_up, twilio, time_machine):
    set_up(ring_after_hours=True)
    open_on(MONDAY, ("08:00", "17:00"))
    time_machine.move_to("2026-01-06T03:00:00Z", tick=False)

    assert verbs(twilio.incoming_call()) == RINGS


def test_a_business_without_hours_is_always_open(acme, twilio, time_machine):
    time_machine.move_to("2026-01-04T03:00:00Z", tick=False)

    assert verbs(twilio.incoming_call()) == RINGS


def test_a_closure_counts_whatever_the_hours(acme, twilio, time_machine):
    Closure.objects.create(tenant=acme, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 26), reason="Christmas")
    for at, expected in [
        ("2026-12-24T04:59:59Z", RINGS),  # still the 23rd in New York
        ("2026-12-24T05:00:00Z", CLOSED),
        ("2026-12-27T04:59:59Z", CLOSED),
        ("2026-12-27T05:00:00Z", RINGS),
    ]:
        time_machine.move_to(at, tick=False)
        assert verbs(type(twilio)(twilio.client).incoming_call()) == expected, at


def test_hours_are_those_of_the_businesss_own_zone(open_on, set_up, twilio, time_machine):
    set_up(timezone="Pacific/Auckland")
    open_on(MONDAY, ("08:00", "17:00"))
    time_machine.move_to("2026-01-04T19:00:00Z", tick=False)  # Sunday in London, Monday 08:00 in Auckland

    assert verbs(twilio.incoming_call()) == RINGS


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-08T06:59:59Z", CLOSED),  # 01:59:59 EST
        ("2026-03-08T07:00:00Z", RINGS),  # 03:00 EDT: there is no 02:30 that day
        ("2026-03-08T08:00:00Z", CLOSED),  # 04:00 EDT
        ("2026-11-01T05:30:00Z", CLOSED),  # 01:30 EDT
        ("2026-11-01T06:30:00Z", CLOSED),  # 01:30 EST, an hour later
        ("2026-11-01T07:30:00Z", RINGS),  # 02:30 EST
        ("2026-11-01T09:00:00Z", CLOSED),  # 04:00 EST
    ],
)
def test_the_days_on_which_clocks_change(open_on, twilio, time_machine, at, expected):
    open_on(SUNDAY, ("02:30", "04:00"))
    time_machine.move_to(at, tick=False)

    assert verbs(twilio.incoming_call()) == expected


def test_a_night_shift_is_two_rows(open_on, twilio, time_machine):
    open_on(SATURDAY, ("20:00", "00:00"))
    open_on(SUNDAY, ("00:00", "04:00"))
    for at, expected in [
        ("2026-01-11T00:59:59Z", CLOSED),  # Saturday 19:59:59
        ("2026-01-11T04:59:59Z", RINGS),  # Saturday 23:59:59
        ("2026-01-11T05:00:00Z", RINGS),  # Sunday 00:00
        ("2026-01-11T09:00:00Z", CLOSED),  # Sunday 04:00
    ]:
        time_machine.move_to(at, tick=False)
        assert verbs(type(twilio)(twilio.client).incoming_call()) == expected, at
