"""Was a missed call made now? Its webhooks say so, or else Twilio (the story: `tests/webhooks/test_replayed.py`)."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from calls import recency
from calls.models import Call
from nevermisscall.twilio.emulator.voice_params import passport
from tests.fixtures.webhooks import TwilioPhone

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F21")]


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


@pytest.fixture
def missed(acme, client):
    """A missed call whose webhooks carry these fields."""

    def make(**fields: str) -> TwilioPhone:
        phone = TwilioPhone(client)
        phone.dial_action(DialCallStatus="no-answer", **{"StirPassportToken": "", **fields})
        return phone

    return make


def is_recent(phone: TwilioPhone) -> bool:
    return recency.is_recent(call_id=Call.objects.get(call_sid=phone.call_sid).pk)


RECENT = {
    "a caller's passport": {"StirPassportToken": passport(ago(seconds=5), "signed")},
    "a passport with padding": {"StirPassportToken": f"h.{'eyJpYXQiOiA0MTAyNDQ0ODAwfQ=='}.s"},
    "an event's time": {"Timestamp": format_datetime(ago(seconds=5))},
    "both, one of them old": {
        "StirPassportToken": passport(ago(days=1), "signed"),
        "Timestamp": format_datetime(ago(seconds=5)),
    },
}
NO_TIME = {
    "a passport that is none": {"StirPassportToken": "signed"},
    "a passport of nothing": {"StirPassportToken": "..."},
    "a passport of other things": {"StirPassportToken": "h.W10.s"},
    "a passport without a time": {"StirPassportToken": "h.e30.s"},
    "a passport of the year 10^18": {"StirPassportToken": "h.eyJpYXQiOiAxMDAwMDAwMDAwMDAwMDAwMDAwfQ.s"},
    "a passport with words for a time": {"StirPassportToken": "h.eyJpYXQiOiAibm93In0.s"},
    "a time that is none": {"Timestamp": "yesterday"},
    "a time of no zone of the world": {"Timestamp": "Fri, 20 Aug 2010 01:13:42 +9999"},
    "the first day": {"Timestamp": "Mon, 01 Jan 0001 00:00:00 +1200"},
    "an old time": {"Timestamp": format_datetime(ago(hours=2))},
}


@pytest.mark.parametrize("fields", RECENT.values(), ids=RECENT)
def test_a_recent_time_that_was_signed_is_believed_without_asking(missed, records, fields):
    assert is_recent(missed(**fields))
    assert records.asked == []


@pytest.mark.parametrize("fields", NO_TIME.values(), ids=NO_TIME)
@pytest.mark.parametrize(("made", "recent"), [({"minutes": 3}, True), ({"hours": 25}, False)], ids=["now", "a day ago"])
def test_without_one_twilio_says_when(missed, records, fields, made, recent):
    phone = missed(**fields)
    records.knows(phone, "completed", date_created=format_datetime(ago(**made)))

    assert is_recent(phone) is recent
    assert len(records.asked) == 1


def test_a_call_that_twilio_does_not_know_is_old(missed, records):
    assert not is_recent(missed())


@pytest.mark.parametrize("failure", [(500, 0), (503, 0), (429, 20429), (401, 20003)])
def test_a_twilio_that_cannot_say_holds_up_no_text(missed, records, failure):
    records.failure = failure

    assert is_recent(missed())


GARBLED = [b"[]", b"<html>", b'{"sid": "CA1"}', b'{"date_created": "soon"}', b'{"date_created": 5, "duration": "x"}']


@pytest.mark.parametrize("content", GARBLED)
@pytest.mark.parametrize("status", [200, 404])
def test_nor_one_that_answers_nonsense(missed, records, content, status):
    phone = missed()
    if status == 200:
        records.knows(phone, "completed")
    records.garbled = content

    assert is_recent(phone)


def test_nor_one_that_is_slow(missed, records):
    phone = missed()
    records.slow_seconds = 7.0
    started = time.monotonic()

    assert is_recent(phone)
    assert time.monotonic() - started < 5  # 1.5 s, on a machine that does other things too


@pytest.mark.parametrize(("failure", "recent"), [(None, False), ((503, 0), True)], ids=["old", "away"])
def test_twilio_is_asked_once_however_often_the_text_back_is_tried(missed, records, failure, recent):
    phone = missed()
    records.failure = failure

    assert [is_recent(phone) for _ in range(8)] == [recent] * 8
    assert len(records.asked) == 1


def test_a_call_that_was_settled_is_not_asked_about_again(acme, twilio, records, settle):
    twilio.incoming_call(StirPassportToken="")
    records.knows(twilio, "completed", end_time=format_datetime(ago(hours=30)))
    settle()
    records.asked.clear()

    assert is_recent(twilio)
    assert records.asked == []


def test_reading_the_times_takes_no_time(missed, records):
    phone = missed(StirPassportToken="." * 100_000 + "h.e30.s", Timestamp="1 " * 50_000)
    started = time.monotonic()
    is_recent(phone)

    assert time.monotonic() - started < 5
