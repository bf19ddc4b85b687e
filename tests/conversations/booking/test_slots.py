"""Free times: inside the hours, clear of what is taken, right whatever clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.ai.protocol import Slot
from conversations.booking import slots
from conversations.booking.slots import DEFAULT_HOURS, Timetable
from tenants.models import is_open
from tests.conversations.booking.conftest import at

NEW_YORK = "America/New_York"
HOUR = timedelta(hours=1)
EVERY_DAY = range(7)


def timetable(*hours: str, zone: str = NEW_YORK, days=EVERY_DAY, closures=()) -> Timetable:
    """The same hours, such as `08:00-17:00`, on each of `days`."""
    spans = [[time.fromisoformat(end) for end in span.split("-")] for span in hours]
    return Timetable(zone, [(day, *span) for day in days for span in spans], closures)


def starts(table: Timetable, earliest: str, *, taken=(), length=HOUR, days=1) -> list[str]:
    """When the free slots begin, by the clock on the wall."""
    found = slots.free(table, [span(*each) for each in taken], length=length, earliest=at(earliest), days=days)
    return [slot.start.astimezone(ZoneInfo(table.zone)).strftime("%H:%M") for slot in found]


def span(start: str, end: str) -> Slot:
    return Slot(at(start), at(end))


def test_every_half_hour_from_the_opening_until_a_visit_no_longer_fits():
    assert starts(timetable("08:15-11:00"), "2026-01-05T00:00-05:00") == ["08:15", "08:45", "09:15", "09:45"]


def test_several_intervals_a_day_and_none_across_the_break():
    table = timetable("08:00-09:00", "13:00-14:30")

    assert starts(table, "2026-01-05T00:00-05:00") == ["08:00", "13:00", "13:30"]


def test_intervals_that_touch_or_overlap_are_one():
    assert starts(timetable("08:00-09:30", "09:00-10:00"), "2026-01-05T00:00-05:00") == ["08:00", "08:30", "09:00"]


def test_nothing_sooner_than_asked_for():
    assert starts(timetable("08:00-10:00"), "2026-01-05T08:00:01-05:00") == ["08:30", "09:00"]


def test_what_is_taken_is_left_out_to_the_minute():
    taken = [("2026-01-05T09:00-05:00", "2026-01-05T09:30-05:00"), ("2026-01-05T11:01-05:00", "2026-01-05T11:02-05:00")]

    assert starts(timetable("08:00-12:00"), "2026-01-05T00:00-05:00", taken=taken) == ["08:00", "09:30", "10:00"]


def test_closed_days_are_left_out():
    table = timetable("08:00-09:00", closures=[(date(2026, 1, 5), date(2026, 1, 6))])
    found = slots.free(table, [], length=HOUR, earliest=at("2026-01-04T00:00-05:00"), days=5)

    assert [slot.start.day for slot in found] == [4, 7, 8]


def test_a_business_that_names_no_hours_makes_visits_from_8_to_18_but_not_on_sundays():
    found = list(slots.free(timetable(), [], length=HOUR, earliest=at("2026-01-05T00:00-05:00"), days=7))

    assert {slot.start.astimezone(ZoneInfo(NEW_YORK)).weekday() for slot in found} == {0, 1, 2, 3, 4, 5}
    assert len(found) == 6 * 19


def test_two_weeks_ahead():
    found = list(slots.free(timetable("08:00-09:00"), [], length=HOUR, earliest=at("2026-01-05T12:00-05:00")))

    assert [found[0].start, found[-1].start] == [at("2026-01-06T08:00-05:00"), at("2026-01-18T08:00-05:00")]


def test_the_nearest_ones_in_order():
    found = slots.free(timetable("08:00-12:00"), [], length=HOUR, earliest=at("2026-01-05T00:00-05:00"), days=2)
    near = slots.nearest(found, at("2026-01-06T09:10-05:00"), 3)

    assert [slot.start for slot in near] == [at(f"2026-01-06T{clock}-05:00") for clock in ("08:30", "09:00", "09:30")]


# -- clocks that change -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "hours", "expected"),
    [
        (NEW_YORK, "2026-03-08T00:00-05:00", "08:00-10:00", ["08:00", "08:30", "09:00"]),
        (
            NEW_YORK,
            "2026-03-08T00:00-05:00",
            "00:00-05:00",
            ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30", "04:00"],
        ),
        (NEW_YORK, "2026-03-08T00:00-05:00", "02:30-05:00", ["03:30", "04:00"]),
        (NEW_YORK, "2026-11-01T00:00-04:00", "08:00-10:00", ["08:00", "08:30", "09:00"]),
        (NEW_YORK, "2026-11-01T00:00-04:00", "00:00-03:00", ["00:00", "00:30", *["01:00", "01:30"] * 2, "02:00"]),
        ("America/Phoenix", "2026-03-08T00:00-07:00", "01:00-04:00", ["01:00", "01:30", "02:00", "02:30", "03:00"]),
        ("Australia/Lord_Howe", "2026-10-04T00:00+10:30", "01:00-04:00", ["01:00", "01:30", "02:30", "03:00"]),
        ("Australia/Lord_Howe", "2026-04-05T00:00+11:00", "01:00-03:00", ["01:00", "01:30", "01:30", "02:00"]),
    ],
)
def test_hours_follow_the_clock_on_the_wall(zone, day, hours, expected):
    assert starts(timetable(hours, zone=zone), day) == expected


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08T00:00-05:00", 23), ("2026-11-01T00:00-04:00", 25)])
def test_a_day_of_23_or_25_hours_is_filled(day, hours):
    assert len(starts(timetable("00:00-00:00"), day)) == 2 * hours - 1


ZONES = [
    NEW_YORK,
    "America/Phoenix",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Cairo",
    "Pacific/Auckland",
    "UTC",
]
minutes = st.integers(0, 47).map(lambda half: time(half // 2, 30 * (half % 2)))
weeks = st.lists(
    st.tuples(st.integers(0, 6), minutes, minutes).filter(lambda row: row[2] > row[1] or row[2] == time(0)), max_size=12
)
moments = st.integers(1_767_225_600, 1_830_297_600).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)  # 2026, 2027
lengths = st.integers(15, 300).map(lambda length: timedelta(minutes=length))
CHANGES = [at("2026-03-08T06:00Z"), at("2026-11-01T05:00Z"), at("2026-04-04T14:00Z"), at("2026-10-03T15:00Z")]


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.sampled_from(ZONES),
    weeks,
    st.one_of(moments, st.sampled_from(CHANGES)),
    lengths,
    st.lists(st.tuples(st.integers(-600, 6_000), st.integers(1, 900)), max_size=8),
)
def test_whatever_is_offered_is_open_free_and_as_long_as_a_visit(zone, week, earliest, length, busy):
    table = Timetable(zone, week, [])
    taken = [Slot(start := earliest + timedelta(minutes=m), start + timedelta(minutes=n)) for m, n in busy]
    hours = list(week or DEFAULT_HOURS)

    for slot in slots.free(table, taken, length=length, earliest=earliest, days=4):
        assert slot.start >= earliest
        assert slot.end - slot.start == length
        assert not any(each.start < slot.end and slot.start < each.end for each in taken)
        moments_of_it = [slot.start + timedelta(minutes=m) for m in range(0, int(length.total_seconds() // 60), 5)]
        assert all(is_open(zone=zone, hours=hours, closures=[], at=moment) for moment in moments_of_it)
        assert slots.fits(table, taken, slot)


@settings(derandomize=True, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10))),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10))),
)
def test_common_times_are_those_in_both(one, other):
    def when(spans):
        return [Slot(CHANGES[0] + start * HOUR, CHANGES[0] + (start + length) * HOUR) for start, length in spans]

    def hours(found):
        return {moment for moment in range(70) if any(s.start <= CHANGES[0] + moment * HOUR < s.end for s in found)}

    assert hours(slots.common([when(one), when(other)])) == hours(when(one)) & hours(when(other))
    assert slots.common([]) == []
