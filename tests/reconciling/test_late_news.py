"""A long gap is filled: customers get nothing, the owner one text, when they want to hear of it."""

from datetime import timedelta

import pytest

from calls.models import Call
from conversations.models import LateItem, LateNews
from nevermisscall.lib.clock import DatabaseClock, utcnow
from sms.models import Message
from tenants.models import Contact
from tests.fixtures.people import OWNER_PHONE

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def hours(monkeypatch):
    """Set the hours in which the owner hears of it; the tests run at night too."""

    def between(first: int, last: int) -> None:
        monkeypatch.setattr("conversations.late_news.FROM_HOUR", first)
        monkeypatch.setattr("conversations.late_news.TO_HOUR", last)

    between(0, 24)
    return between


@pytest.fixture
def tell(do_due_work):
    def run() -> list[Message]:
        do_due_work()
        LateNews.objects.filter(told_at=None).update(tell_at=DatabaseClock())
        do_due_work()
        return list(Message.objects.filter(direction="outbound").order_by("pk"))

    return run


def test_a_gap_of_hours_texts_no_customer_and_the_owner_once(acme, lists, since, reconcile, tell, hours):
    since(6 * HOUR)
    for n in range(12):
        lists.call(ago=2 * HOUR + n * MINUTES, status="no-answer", from_=f"+1415555040{n % 4}")
    lists.text("My sink is leaking", ago=HOUR, from_="+14155550405")
    lists.text("Still is", ago=50 * MINUTES, from_="+14155550405")
    reconcile()
    (text,) = tell()

    assert Call.objects.filter(outcome="missed").count() == 12
    assert (text.to_number, text.purpose) == (OWNER_PHONE, "owner_alert")
    assert [f"(415) 555-040{n}" in text.body for n in (0, 1, 2, 3, 5)] == [True] * 5
    assert text.body.count("\n") == 5
    assert "My sink is leaking" in text.body
    assert not tell()[1:]


def test_many_customers_are_counted_rather_than_named(acme, lists, since, reconcile, tell, hours):
    since(6 * HOUR)
    for n in range(30):
        lists.call(ago=2 * HOUR + n * MINUTES, status="no-answer", from_=f"+141555505{n:02}")
    reconcile()
    (text,) = tell()

    assert text.body.endswith("\n+22")
    assert LateItem.objects.count() == 30


def test_whoever_was_spoken_with_since_is_left_out(acme, twilio, lists, since, reconcile, tell, hours):
    since(6 * HOUR)
    lists.call(ago=HOUR, status="no-answer")
    twilio.answered_call()
    reconcile()

    assert tell() == []
    assert LateNews.objects.get().told_at is not None


def test_a_blocked_caller_is_no_news(acme, lists, since, reconcile, tell, hours):
    Contact.objects.create(tenant=acme, number="+14155550123", is_blocked=True)
    since(6 * HOUR)
    lists.call(ago=HOUR, status="no-answer")
    reconcile()

    assert tell() == []
    assert not LateNews.objects.exists()


def test_at_night_it_waits(acme, lists, since, reconcile, tell, hours):
    hours(24, 24)
    since(6 * HOUR)
    lists.call(ago=HOUR, status="no-answer")
    reconcile()
    assert tell() == []
    news = LateNews.objects.get()
    assert news.told_at is None
    assert news.tell_at > utcnow()

    hours(0, 24)
    assert len(tell()) == 1


def test_an_owner_who_wants_quiet_is_told_afterwards(acme, lists, since, reconcile, tell, hours):
    acme.alerts_quiet_until = utcnow() + HOUR
    acme.save()
    since(6 * HOUR)
    lists.call(ago=HOUR, status="no-answer")
    reconcile()
    assert tell() == []

    acme.alerts_quiet_until = None
    acme.save()
    assert len(tell()) == 1
