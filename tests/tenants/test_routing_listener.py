"""What changes in one process is heard by the routing of every other."""

import threading
import time as clock
from datetime import date, time

import pytest
from django.db import connection, transaction

from tenants.models import BusinessHours, Closure, OwnerNumber, PhoneNumber, Tenant, TwilioAccount
from tenants.routing import RoutingTable
from tests.fixtures.people import ACME_NUMBER, make_business
from tests.fixtures.webhooks import ACCOUNT

OWN_ACCOUNT = "AC" + "7" * 32


@pytest.fixture
def listening(transactional_db):
    """The table of another web process, with its listener."""
    make_business()
    other = RoutingTable()
    other.listen()
    wait_until(lambda: other._listening)
    yield other
    other.stop()
    assert not other._listener.is_alive()


def wait_until(condition, seconds: float = 5.0) -> None:
    deadline = clock.monotonic() + seconds
    while not condition():
        assert clock.monotonic() < deadline, "it did not happen"
        clock.sleep(0.01)


def test_a_change_in_another_process_is_heard(listening):
    assert listening.route(ACME_NUMBER).tenant_name == "Acme Plumbing"
    with connection.cursor() as cursor:  # as psql would, without Django's signals
        cursor.execute("UPDATE tenants_tenant SET name = 'New'")

    wait_until(lambda: listening.route(ACME_NUMBER).tenant_name == "New")


def test_every_table_of_routing_is_heard(listening):
    tenant = Tenant.objects.get()
    OwnerNumber.objects.bulk_create([OwnerNumber(tenant=tenant, number="+15005550211", position=1)])
    wait_until(lambda: len(listening.route(ACME_NUMBER).owners) == 2)
    BusinessHours.objects.bulk_create([BusinessHours(tenant=tenant, weekday=0, opens_at=time(8), closes_at=time(9))])
    wait_until(lambda: len(listening.route(ACME_NUMBER).hours) == 1)
    Closure.objects.bulk_create([Closure(tenant=tenant, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 1))])
    wait_until(lambda: len(listening.route(ACME_NUMBER).closures) == 1)
    TwilioAccount.objects.bulk_create([TwilioAccount(account_sid=OWN_ACCOUNT, auth_token="own")])
    wait_until(lambda: listening.account(OWN_ACCOUNT) is not None)
    PhoneNumber.objects.update(account=TwilioAccount.objects.get())
    wait_until(lambda: listening.route(ACME_NUMBER).account.account_sid == OWN_ACCOUNT)
    TwilioAccount.objects.update(shared_key_id="K1", shared_key_secret="s")
    wait_until(lambda: listening.account(OWN_ACCOUNT).shared_keys == (("K1", "s"),))
    PhoneNumber.objects.update(state="released")
    wait_until(lambda: ACME_NUMBER not in listening._routes)


def test_who_listens_asks_nothing(listening, django_assert_num_queries):
    with django_assert_num_queries(0):
        listening.route(ACME_NUMBER)
        listening.account(ACCOUNT)


def test_a_change_that_is_rolled_back_was_none(listening):
    with transaction.atomic():
        Tenant.objects.update(name="New")
        transaction.set_rollback(True)
    OwnerNumber.objects.update(name="Bob")  # heard after it, if that had been heard
    wait_until(lambda: not listening._stale_tenants)

    assert listening.route(ACME_NUMBER).tenant_name == "Acme Plumbing"


def test_a_listener_whose_connection_dies_listens_again(listening, caplog):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.rowcount == 1
    wait_until(lambda: "routing changes are not heard" in caplog.text)
    assert listening.route(ACME_NUMBER) is not None
    wait_until(lambda: listening._listening)
    Tenant.objects.update(name="New")

    wait_until(lambda: listening.route(ACME_NUMBER).tenant_name == "New")


def test_many_threads_may_ask_at_once(listening):
    seen, threads = [], []
    for _ in range(8):
        threads.append(threading.Thread(target=lambda: seen.extend(listening.route(ACME_NUMBER) for _ in range(200))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 1600
    assert None not in seen
