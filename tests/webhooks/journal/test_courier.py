"""The thread that empties the journal: when it does, and who waits for it."""

import time

import pytest
from django.db import connection

from calls.models import Call
from nevermisscall.lib.database import breaker
from nevermisscall.webhooks.journal import files, joining
from nevermisscall.webhooks.journal.courier import Courier
from nevermisscall.webhooks.journal.writing import writer
from tests.fixtures.people import make_business
from tests.journeys.stack import wait_until


@pytest.fixture
def business(transactional_db):
    return make_business()


@pytest.fixture
def courier():
    """The thread of a process that starts when the test says so."""
    made = Courier()
    yield made
    if made._thread.is_alive():
        made.stop()


def test_what_comes_to_a_process_that_starts_joins_what_waits(business, twilio, courier):
    """A dial result that overtook the pressed 1 would make an answered call a missed one."""
    breaker.trip(60)
    twilio.incoming_call()
    twilio.press("1")
    writer.seal()
    breaker.close()  # as in a process that starts now
    courier.start()
    twilio.dial_action(DialCallStatus="completed", DialBridged="true")
    assert Call.objects.count() == 0
    wait_until(lambda: not files.waiting())

    assert Call.objects.get().outcome == "answered"
    wait_until(lambda: not breaker.is_open)


def test_without_anything_waiting_a_process_starts_at_once(business, courier):
    courier.start()

    assert not breaker.is_open


def test_while_the_database_is_away_the_breaker_stays_open(business, twilio, courier, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "9")
    breaker.trip(0.1)
    twilio.incoming_call()
    courier.look()
    assert breaker.is_open
    assert len(files.waiting()) == 1
    monkeypatch.undo()
    connection.close()
    courier.look()

    assert not breaker.is_open
    assert Call.objects.count() == 1


@pytest.mark.fault("F10")
def test_what_comes_at_once_joins_what_another_process_kept(business, twilio, courier):
    """A pressed 1 that collided must not be overtaken by the dial result, whichever process that reaches."""
    breaker.trip(60)
    twilio.incoming_call()
    twilio.press("1")
    breaker.close()  # as in the other process
    twilio.dial_action(DialCallStatus="completed", DialBridged="true")
    assert Call.objects.count() == 0
    courier.look()

    assert Call.objects.get().outcome == "answered"
    twilio.incoming_call(CallSid="CA" + "9" * 32)
    assert Call.objects.count() == 2


def test_what_is_kept_while_others_are_recorded_is_recorded_too(business, twilio, courier, monkeypatch):
    """Between the last look and the word that nothing waits, another process may keep one more."""
    breaker.trip(60)
    twilio.incoming_call()

    def keep_another():
        monkeypatch.undo()
        twilio.incoming_call(CallSid="CA" + "9" * 32)
        joining.end()

    monkeypatch.setattr(joining, "end", keep_another)
    courier.look()

    assert Call.objects.count() == 2
    assert not joining.is_on()


def test_a_long_drain_that_goes_on_is_waited_for(business, twilio, courier, monkeypatch):
    """An outage of an hour takes minutes to record; nothing may overtake it meanwhile."""
    breaker.trip(60)
    twilio.incoming_call()
    monkeypatch.setattr(joining, "AT_MOST", 0.2)
    with files.held():  # by another process
        for _ in range(8):
            joining.go_on()
            courier.look()
            assert joining.is_on()
            assert breaker.is_open
            time.sleep(0.05)
        time.sleep(0.25)
        courier.look()

        assert not joining.is_on()
        assert not breaker.is_open


def test_texts_wait_for_what_waits_but_not_for_ever(business, twilio, monkeypatch):
    patience = joining.Patience()
    assert not patience.holds()
    breaker.trip(60)
    twilio.incoming_call()
    assert patience.holds()
    monkeypatch.setattr(joining, "TEXTS_AT_MOST", 0)

    assert not patience.holds()


def test_a_drain_that_takes_too_long_holds_nobody_up(business, twilio, courier, monkeypatch):
    breaker.trip(60)
    twilio.incoming_call()
    with files.held():  # by another process, which hangs
        courier.look()
        assert breaker.is_open
        monkeypatch.setattr("nevermisscall.webhooks.journal.joining.AT_MOST", 0)
        courier.look()

    assert not breaker.is_open


def test_a_patient_one_lets_others_be_first(business, twilio):
    breaker.trip(60)
    twilio.incoming_call()
    Courier(patience=60).look()
    assert Call.objects.count() == 0
    Courier().look()

    assert Call.objects.count() == 1
