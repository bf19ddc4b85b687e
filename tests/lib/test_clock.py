"""Whose clock counts."""

from datetime import UTC

import pytest
from django.db import connection, transaction

from nevermisscall.lib.clock import DatabaseClock, utcnow
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
