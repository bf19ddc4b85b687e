"""Whose clock counts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from nevermisscall.lib import clock
from nevermisscall.lib.clock import DatabaseClock, as_of, lag, utcnow
from tenants.models import Tenant


def test_our_own_time_is_aware_and_utc():
    assert utcnow().tzinfo is UTC


@pytest.mark.django_db
def test_the_databases_clock_moves_inside_a_transaction():
    Tenant.objects.create(name="Acme")
    with transaction.atomic():
        first = Tenant.objects.annotate(at=DatabaseClock()).get().at
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.001)")
        second = Tenant.objects.annotate(at=DatabaseClock()).get().at

    assert second > first


@pytest.mark.django_db
@pytest.mark.parametrize("host_year", [2000, 2050])
def test_a_host_whose_clock_is_wrong_changes_nothing(time_machine, host_year):
    before = Tenant.objects.create(name="Acme")
    time_machine.move_to(f"{host_year}-01-01T00:00:00Z")

    assert Tenant.objects.filter(pk=before.pk).annotate(at=DatabaseClock()).get().at.year != host_year


def test_what_is_done_later_happened_when_it_came():
    moment = utcnow() - timedelta(hours=1)
    with as_of(moment):
        assert utcnow() == moment
        assert timedelta(hours=1) <= lag() < timedelta(hours=1, seconds=1)

    assert lag() == timedelta()


def test_a_clock_that_was_set_back_makes_nothing_happen_in_the_future():
    with as_of(utcnow() + timedelta(hours=1)):
        assert timedelta() <= lag() < timedelta(seconds=1)


@pytest.fixture
def follower(monkeypatch):
    """What a web or worker process knows of the time."""
    monkeypatch.setattr(clock, "_heard", None)
    return clock.Follower()


@pytest.mark.django_db
@pytest.mark.fault("F17")
@pytest.mark.parametrize("minutes", [-60, -10, 10])
def test_a_process_goes_by_the_databases_clock(time_machine, follower, caplog, minutes):
    right = utcnow()
    time_machine.move_to(right + timedelta(minutes=minutes))
    follower._try()

    assert abs(utcnow() - right) < timedelta(seconds=5)
    assert "this host's clock is wrong" in caplog.text
    time_machine.move_to(right - timedelta(hours=1))  # and it steps meanwhile
    assert abs(utcnow() - right) < timedelta(seconds=5)
    with as_of(right - timedelta(minutes=1)):
        assert abs(utcnow() - (right - timedelta(minutes=1))) < timedelta(seconds=5)


def test_a_process_that_never_reached_the_database_goes_by_its_host(follower, monkeypatch, caplog):
    monkeypatch.setattr(clock, "_ask", lambda: 1 / 0)
    follower._try()

    assert abs(utcnow() - datetime.now(UTC)) < timedelta(seconds=1)
    assert "does not tell the time" in caplog.text
