"""Who answers a number is known from memory: one query loads it, changes reach it, and it outlasts the database."""

import time as clock
from datetime import date, time

import pytest
from cryptography.fernet import Fernet
from django.db import DatabaseError, InterfaceError, OperationalError

from nevermisscall.lib import crypto
from nevermisscall.lib.database import breaker
from tenants import routing
from tenants.models import BusinessHours, Closure, OwnerNumber, PhoneNumber, Tenant, TwilioAccount
from tenants.routing import table
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE, RIVAL_NUMBER
from tests.fixtures.webhooks import ACCOUNT

OWN_ACCOUNT = "AC" + "7" * 32


@pytest.fixture
def elaborate(acme):
    """Acme with something in every table that routing reads."""
    for number in range(3):
        OwnerNumber.objects.create(tenant=acme, number=f"+1500555021{number}", position=9 - number)
    BusinessHours.objects.create(tenant=acme, weekday=0, opens_at=time(8, 30), closes_at=time(17))
    Closure.objects.create(tenant=acme, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 26))
    account = TwilioAccount.objects.create(tenant=acme, account_sid=OWN_ACCOUNT, auth_token="own", shared_key_id="K1")
    PhoneNumber.objects.create(tenant=acme, number="+15005550101", is_primary=False, account=account)
    return acme


# -- queries ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_cold_start_is_one_query_and_then_none(elaborate, rival, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert table.route(ACME_NUMBER).tenant_name == "Acme Plumbing"
    with django_assert_num_queries(0):
        assert table.route(RIVAL_NUMBER).tenant_name == "Rival"
        assert table.route("+15005550101").account.tokens == ("own",)
        assert table.account(ACCOUNT).tokens == ("primary-token", "secondary-token")
        assert table.account(OWN_ACCOUNT).tokens == ("own",)


@pytest.mark.django_db
def test_all_that_decides_a_call_is_in_the_route(elaborate):
    route = table.route(ACME_NUMBER)

    assert route.owners == (OWNER_PHONE, "+15005550212", "+15005550211", "+15005550210")
    assert route.known_phones == set(route.owners)
    assert route.hours == ((0, time(8, 30), time(17)),)
    assert route.closures == ((date(2026, 12, 24), date(2026, 12, 26)),)
    assert (route.number, route.timezone, route.language) == (ACME_NUMBER, "America/New_York", "en")
    assert (route.ring_timeout_seconds, route.answer_screening) == (20, "press_1")


@pytest.mark.django_db
def test_an_unknown_number_is_looked_up_each_time(acme, django_assert_num_queries):
    table.route(ACME_NUMBER)
    with django_assert_num_queries(1):
        assert table.route("+15005550777") is None


@pytest.mark.django_db
def test_an_unknown_account_is_looked_up_once(acme, django_assert_num_queries):
    table.route(ACME_NUMBER)
    with django_assert_num_queries(1):
        assert [table.account(OWN_ACCOUNT) for _ in range(3)] == [None] * 3


@pytest.mark.django_db
def test_strangers_cannot_fill_the_memory_with_accounts(acme):
    for number in range(routing.MOST_UNROUTED + 5):
        table.account(f"AC{number:032}")

    assert len(table._unrouted) <= routing.MOST_UNROUTED


# -- fresh ------------------------------------------------------------------------------------------------------------


def change(model, **fields):
    def apply() -> None:
        row = model.objects.first()
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()

    return apply


# What changes → what the route shows then.
CHANGES = {
    "the business": (change(Tenant, name="New"), lambda route: route.tenant_name == "New"),
    "its number": (change(PhoneNumber, number="+15005550105"), lambda route: route is None),
    "the number's state": (change(PhoneNumber, state="released"), lambda route: route is None),
    "an owner": (change(OwnerNumber, is_active=False), lambda route: OWNER_PHONE not in route.owners),
    "hours": (change(BusinessHours, weekday=3), lambda route: route.hours[0][0] == 3),
    "a closure": (change(Closure, ends_on=date(2027, 1, 1)), lambda route: route.closures[0][1].year == 2027),
    "an owner who left": (lambda: OwnerNumber.objects.all().delete(), lambda route: route.owners == ()),
    "hours that ended": (lambda: BusinessHours.objects.all().delete(), lambda route: route.hours == ()),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_in_this_process_is_seen_at_once(elaborate, what):
    table.route(ACME_NUMBER)
    apply, is_seen = CHANGES[what]
    apply()

    assert is_seen(table.route(ACME_NUMBER))


@pytest.mark.django_db
def test_a_business_that_left_is_gone_at_once(acme):
    table.route(ACME_NUMBER)
    acme.delete()

    assert table.route(ACME_NUMBER) is None


@pytest.mark.django_db
def test_an_accounts_change_is_seen_at_once(elaborate):
    table.account(OWN_ACCOUNT)
    change(TwilioAccount, auth_token="rotated")()

    assert table.account(OWN_ACCOUNT).tokens == ("rotated",)


@pytest.mark.django_db
def test_an_account_of_the_platform_is_seen_at_once(acme):
    assert table.account(OWN_ACCOUNT) is None
    TwilioAccount.objects.create(account_sid=OWN_ACCOUNT, auth_token="own")

    assert table.account(OWN_ACCOUNT).tokens == ("own",)


@pytest.mark.django_db
def test_a_change_reloads_only_that_business(elaborate, rival, django_assert_num_queries):
    table.route(ACME_NUMBER)
    before = table.route(RIVAL_NUMBER)
    elaborate.save()

    with django_assert_num_queries(1):
        table.route(ACME_NUMBER)
    assert table.route(RIVAL_NUMBER) is before


@pytest.mark.django_db
def test_a_new_number_is_found_at_once(acme):
    table.route(ACME_NUMBER)
    PhoneNumber.objects.bulk_create([PhoneNumber(tenant=acme, number="+15005550108", is_primary=False)])

    assert table.route("+15005550108").tenant_id == acme.pk


@pytest.mark.django_db
def test_a_snapshot_that_nobody_refreshes_lives_five_seconds(acme, monkeypatch):
    table.route(ACME_NUMBER)
    Tenant.objects.update(name="New")  # no signal, and nobody listens
    assert table.route(ACME_NUMBER).tenant_name == "Acme Plumbing"

    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + routing.UNHEARD_SECONDS + 0.1)
    assert table.route(ACME_NUMBER).tenant_name == "New"


# -- the database is away ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError, InterfaceError, DatabaseError])
def test_the_last_known_routes_stay_while_the_database_is_away(acme, monkeypatch, caplog, error):
    table.route(ACME_NUMBER)
    acme.name = "New"
    acme.save()

    with monkeypatch.context() as patched:
        patched.setattr(routing, "_numbers", lambda: FailingQuery(error))
        patched.setattr(routing.TwilioAccount, "objects", FailingQuery(error))
        assert table.route(ACME_NUMBER).tenant_name == "Acme Plumbing"
        assert table.account(ACCOUNT) is not None
        assert table.account(OWN_ACCOUNT) is None
        assert table.route("+15005550777") is None
    assert "Database connection failed: routing stays as last known" in caplog.text
    breaker.close()
    assert table.route(ACME_NUMBER).tenant_name == "New"  # what was missed meanwhile is caught up with


class FailingQuery:
    """A query that meets a database that is away."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def filter(self, **_: object) -> "FailingQuery":
        return self

    def __iter__(self):
        raise self.error("away")

    def first(self):
        raise self.error("away")


@pytest.mark.django_db
def test_a_secret_that_no_key_opens_takes_only_its_own_account_down(elaborate, settings, caplog):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    crypto._fernet.cache_clear()
    try:
        assert table.route(ACME_NUMBER) is not None
        assert table.account(OWN_ACCOUNT).tokens == ()
        assert "a secret cannot be opened" in caplog.text
        TwilioAccount.objects.get().save()  # such as by an operator who changes something else
    finally:
        settings.FIELD_ENCRYPTION_KEYS = []
        crypto._fernet.cache_clear()
    assert TwilioAccount.objects.get().auth_token == "own"


@pytest.mark.django_db
def test_without_a_platform_account_its_numbers_belong_to_none(acme, settings):
    settings.TWILIO_ACCOUNT_SID = ""

    assert table.route(ACME_NUMBER).account.tokens == ()
    assert table.account("").tokens == ()
