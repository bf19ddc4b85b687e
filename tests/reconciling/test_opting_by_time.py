"""STOP and START that are found late count by when they were written."""

from datetime import UTC, datetime, timedelta

import pytest

from conversations.models import Conversation
from sms.models import Message
from tenants.models import Contact
from tests.fixtures.people import CUSTOMER
from tests.reconciling.conftest import sent_by_us

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)


def opted_out() -> bool:
    return Contact.objects.get(number=CUSTOMER).opted_out_at is not None


def test_a_stop_found_late_is_obeyed_without_an_answer(acme, lists, since, reconcile, do_due_work, settings):
    settings.TWILIO_ANSWERS_KEYWORDS = False
    since(3 * HOUR)
    stop = lists.text("STOP", ago=HOUR)
    reconcile()
    do_due_work()

    assert abs(Contact.objects.get().opted_out_at - stop.created_at) < timedelta(seconds=1)
    assert sent_by_us(lists) == []


def test_a_stop_found_late_does_not_override_a_later_start(acme, twilio, lists, since, reconcile, do_due_work):
    twilio.text("Hello")
    do_due_work()
    twilio.text("START")
    since(3 * HOUR)
    lists.text("STOP", ago=HOUR)
    reconcile()
    do_due_work()

    assert not opted_out()
    assert Conversation.objects.get().status != "completed"


def test_a_start_found_late_does_not_override_a_later_stop(acme, twilio, lists, since, reconcile):
    twilio.text("STOP")
    since(3 * HOUR)
    lists.text("START", ago=HOUR)
    reconcile()

    assert opted_out()


def test_a_start_between_two_stops_counts_for_nothing(acme, twilio, lists, since, reconcile):
    since(3 * HOUR)
    lists.text("STOP", ago=2 * HOUR)
    reconcile()
    twilio.text("STOP")
    since(3 * HOUR)
    lists.text("START", ago=HOUR)
    reconcile()

    assert opted_out()


def test_both_found_late_count_in_their_order(acme, lists, since, reconcile):
    since(3 * HOUR)
    lists.text("STOP", ago=HOUR)
    lists.text("START", ago=HOUR - MINUTES)
    reconcile()

    assert not opted_out()


def test_a_stop_that_waits_in_the_journal_does_not_override_a_later_start(acme, client, twilio, monkeypatch, replay):
    with monkeypatch.context() as broken:
        broken.setattr("sms.receiving.receive_text", lambda text: 1 / 0)
        twilio.text("STOP")
    later = datetime.now(UTC) + timedelta(seconds=30)
    with monkeypatch.context() as afterwards:
        afterwards.setattr("tenants.consenting.utcnow", lambda: later)
        twilio.text("START")
    replay()

    assert Message.objects.filter(taken_as="stop").exists()
    assert not opted_out()
