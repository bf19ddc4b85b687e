"""Whose clock counts."""

from datetime import UTC, timedelta

import pytest
from django.db import connection, transaction

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
        assert timedelta() <= utcnow() - moment < timedelta(seconds=1)
        assert timedelta(hours=1) <= lag() < timedelta(hours=1, seconds=1)

    assert lag() == timedelta()


def test_a_clock_that_was_set_back_makes_nothing_happen_in_the_future():
    with as_of(utcnow() + timedelta(hours=1)):
        assert lag() == timedelta()
