"""Days and hours in people's words. It is Wednesday, March 4, 2026, 10:20 in the morning."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from conversations.ai.rules.offers import by_start, suiting
from conversations.ai.rules.reading.whens import read_wishes
from conversations.ai.rules.wording import LANGUAGES, say_full_slot, say_slot, say_slots
from tests.conversations.ai.rules.chat import slots

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 4, 10, 20, tzinfo=NEW_YORK)
TODAY = NOW.date()


def written(text: str, now: datetime = NOW) -> str:
    """The wishes of a text in short: `Thu5 16:00-` is Thursday the 5th from 4 pm on, `~` a half of the day unsaid."""
    return "; ".join(_short(wish) for wish in read_wishes(text, now, NEW_YORK))


def _short(wish) -> str:
    days = "" if wish.first is None else f"{wish.first:%a}{wish.first.day}"
    if wish.first != wish.last:
        days += f"..{wish.last:%a}{wish.last.day}"
    begins, ends = (f"{at:%H:%M}" if at else "" for at in (wish.begins, wish.ends))
    hours = "" if not (begins or ends) else begins if wish.exact else f"{begins}-{ends}"
    return ("not " if wish.refused else "") + " ".join(filter(None, (days, hours))) + ("~" if wish.loose else "")


DAYS = {
    "today": "Wed4",
    "need help today": "Wed4",
    "tmrw": "Thu5",
    "tomorrow": "Thu5",
    "day after tomorrow": "Fri6",
    "Friday": "Fri6",
    "this friday": "Fri6",
    "next friday": "Fri13",
    "next Tuesday": "Tue10",
    "tuesday next week": "Tue10",
    "wednesday": "Wed4",
    "March 15th": "Sun15",
    "the 15th": "Sun15",
    "3/6": "Fri6",
    "Fri Mar 6": "Fri6",
    "this weekend": "Sat7..Sun8",
    "next weekend": "Sat14..Sun15",
    "this week": "Wed4..Sun8",
    "next week": "Mon9..Sun15",
    "in 3 days": "Sat7",
    "monday or tuesday": "Mon9; Tue10",
    "hoy": "Wed4",
    "mañana": "Thu5",
    "pasado mañana": "Fri6",
    "el viernes": "Fri6",
    "el próximo viernes": "Fri6",
    "el martes que viene": "Tue10",
    "el lunes de la próxima semana": "Mon9",
    "el 15": "Sun15",
    "el viernes 6 de marzo": "Fri6",
    "15 de marzo": "Sun15",
    "la próxima semana": "Mon9..Sun15",
    "el fin de semana": "Sat7..Sun8",
    "en dos días": "Fri6",
}
HOURS = {
    "3 pm": "15:00",
    "3:30pm": "15:30",
    "3 p.m.": "15:00",
    "15:00": "15:00",
    "at 3": "15:00~",
    "at three": "15:00~",
    "around 3ish": "15:00~",
    "9:30": "09:30~",
    "half past three": "15:30~",
    "quarter to 4 pm": "15:45",
    "noon": "12:00",
    "after 4": "16:00-",
    "4 or later": "16:00-",
    "not before 4": "16:00-",
    "before noon": "-11:59",
    "by 5": "-16:59",
    "between 2 and 4": "14:00-15:59",
    "2-4": "14:00-15:59",
    "from 10 to 2": "10:00-13:59",
    "7-9 pm": "19:00-20:59",
    "8-12": "08:00-11:59",
    "in the morning": "06:00-11:59",
    "in the afternoon": "12:00-16:59",
    "first thing": "06:00-09:59",
    "after work": "17:00-23:59",
    "a las 3": "15:00~",
    "a la una": "13:00~",
    "a las 3 y media": "15:30~",
    "tres de la tarde": "15:00",
    "10 de la mañana": "10:00",
    "8 de la noche": "20:00",
    "después de las 4": "16:00-",
    "a partir de las 4": "16:00-",
    "antes de las 5": "-16:59",
    "entre las 2 y las 4 de la tarde": "14:00-15:59",
    "de 2 a 4": "14:00-15:59",
    "por la mañana": "06:00-11:59",
    "en la tarde": "12:00-18:59",
}
BOTH = {
    "3 pm today": "Wed4 15:00",
    "Yes, 3pm today works perfectly": "Wed4 15:00",
    "tomorrow morning": "Thu5 06:00-11:59",
    "tmrw after 4": "Thu5 16:00-",
    "next Tuesday 10am": "Tue10 10:00",
    "tomorrow 3": "Thu5 15:00~",
    "friday 3": "Fri6 15:00~",
    "tomorrow pm": "Thu5 12:00-16:59",
    "this afternoon after 3": "Wed4 15:00-17:59",
    "tonight": "Wed4 17:00-22:59",
    "in 2 hours": "Wed4 12:20-",
    "Friday works best for me. 10 am?": "Fri6 10:00",
    "today 3 or 5": "Wed4 15:00~; Wed4 17:00~",
    "monday or tuesday at 10": "Mon9 10:00~; Tue10 10:00~",
    "tomorrow at 8 in the evening": "Thu5 20:00",
    "mañana a las 3": "Thu5 15:00~",
    "hoy en la tarde": "Wed4 12:00-18:59",
    "mañana por la mañana": "Thu5 06:00-11:59",
    "mañana temprano": "Thu5 06:00-11:59",
    "viernes 6 a las 9 am": "Fri6 09:00",
    "el 15 a las 9": "Sun15 09:00~",
    "lunes por la tarde o martes por la mañana": "Mon9 12:00-18:59; Tue10 06:00-11:59",
}
REFUSED = {
    "not tomorrow": "not Thu5",
    "can't do 3pm": "not 15:00",
    "3 pm today doesn't work": "not Wed4 15:00",
    "mañana no puedo": "not Thu5",
    "el viernes no, mejor el sábado a las 9": "Sat7 09:00~",
    "this week, not friday": "Wed4..Sun8; not Fri6",
    "can't wait until tomorrow": "not Thu5",
    "why not tomorrow?": "Thu5",
    "tomorrow, no wait, friday at 2": "Fri6 14:00~",
    "I'm busy until 4": "not -15:59",
    "I work until 4": "16:00-",
    "I get home at 5": "17:00-",
    "tomorrow is no problem": "Thu5",
}
NOTHING = [
    "it has been leaking since monday",
    "it broke last friday",
    "I have 2 toilets clogged",
    "3/4 inch pipe",
    "a 3 way switch",
    "24/7",
    "call me at 555-123-4567",
    "at once",
    "it may be 2 pipes",
    "good morning",
    "buenas tardes",
    "see you tomorrow",
    "hasta mañana",
    "we are at 3 locations",
    "50 gallon",
    "march in here",
    "$3",
    "no fue ayer sino antes",
]


@pytest.mark.parametrize(("text", "meaning"), [*DAYS.items(), *HOURS.items(), *BOTH.items(), *REFUSED.items()])
def test_it_means(text, meaning):
    assert written(text) == meaning


@pytest.mark.parametrize("text", NOTHING)
def test_it_names_no_time(text):
    assert written(text) == ""


def test_a_part_of_today_that_is_over_is_no_wish():
    assert written("it broke this morning", NOW.replace(hour=14)) == ""


def test_tomorrow_is_counted_from_when_it_was_written():
    assert written("tomorrow at 9", NOW.replace(day=3, hour=23)) == "Wed4 09:00~"


def test_today_is_the_business_s_day():
    late = datetime(2026, 3, 4, 23, 30, tzinfo=ZoneInfo("America/Los_Angeles"))

    assert read_wishes("today", late, ZoneInfo("America/Los_Angeles"))[0].first == date(2026, 3, 4)
    assert read_wishes("today", late, NEW_YORK)[0].first == date(2026, 3, 5)


@pytest.mark.parametrize("zone", ["America/New_York", "America/Los_Angeles", "America/Phoenix"])
@pytest.mark.parametrize(
    ("before", "wish", "slot"),
    [
        ("2026-03-07 10:00", "tomorrow at 3 pm", "2026-03-08 15:00"),  # clocks go forward on the 8th, not in Arizona
        ("2026-03-07 22:30", "tomorrow 9 am", "2026-03-08 09:00"),
        ("2026-10-31 10:00", "mañana a las 3", "2026-11-01 15:00"),  # and back on November 1
        ("2026-10-31 23:30", "monday at 8:30 am", "2026-11-02 08:30"),
    ],
)
def test_hours_are_those_of_the_wall_clock_across_daylight_saving_time(zone, before, wish, slot):
    now = datetime.fromisoformat(before).replace(tzinfo=ZoneInfo(zone))
    free = by_start(slots(zone, slot), now, ZoneInfo(zone))

    chosen = suiting(free, read_wishes(wish, now, ZoneInfo(zone)), ())

    assert chosen == [datetime.fromisoformat(slot)]


def test_an_hour_that_the_clock_shows_twice_is_one_slot():
    one, two = (datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=fold) for fold in (0, 1))
    twice = tuple(
        slot for start in (one, two) for slot in slots("UTC", f"{start.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M}")
    )

    free = by_start(twice, NOW, NEW_YORK)

    assert [(f"{start:%b %d %H:%M}", slot) for start, slot in free.items()] == [("Nov 01 01:30", twice[0])]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hour", range(0, 24, 5))
@pytest.mark.parametrize("day", ["2026-03-04", "2026-03-05", "2026-03-06", "2026-03-28", "2026-12-31"])
def test_what_we_write_we_read_back(language, hour, day):
    start = datetime.combine(date.fromisoformat(day), time(hour, 30))

    for text in (
        say_slot(start, TODAY, language),
        say_full_slot(start, language),
        say_full_slot(start, language, TODAY),
    ):
        (wish,) = read_wishes(text, NOW, NEW_YORK)
        assert (wish.first, wish.last, wish.begins, wish.exact, wish.refused) == (
            start.date(),
            start.date(),
            start.time(),
            True,
            False,
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_offer_is_read_back_in_its_order(language):
    starts = [datetime.fromisoformat(f"2026-03-{start}:00") for start in ("04 13", "05 09", "05 14")]

    wishes = read_wishes(say_slots(starts, NOW.date(), language), NOW, NEW_YORK)

    assert [datetime.combine(wish.first, wish.begins) for wish in wishes] == starts
