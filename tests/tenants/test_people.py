"""Customers, members, keys and numbers: what the database itself keeps true."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from nevermisscall.outbox.models import Fact
from tenants import accounts, services
from tenants.models import ApiKey, Contact, Membership, OwnerNumber, PhoneNumber, Tenant, TwilioAccount
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT

pytestmark = pytest.mark.django_db

# -- keys -------------------------------------------------------------------------------------------------------------


def test_only_the_hash_of_a_key_is_kept(acme):
    row, key = ApiKey.issue(tenant_id=acme.pk, name="till", scopes=["write", "read"])

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM tenants_apikey k")
        stored = cursor.fetchone()[0]
    assert key not in stored
    assert ApiKey.objects.get(key_hash=ApiKey.digest(key)) == row
    assert (row.scopes, str(row)) == (["read", "write"], f"{key[:12]}… till")


def test_no_two_keys_are_alike(acme):
    assert len({ApiKey.issue(tenant_id=None, name="x", scopes=[])[1] for _ in range(20)}) == 20


def test_a_scope_that_does_not_exist_is_refused(acme):
    with pytest.raises(ValueError, match=r"^unknown scope 'root'; there are read, write, admin$"):
        ApiKey.issue(tenant_id=acme.pk, name="x", scopes=["read", "root"])


@pytest.mark.parametrize(
    ("revoked", "expires", "usable"),
    [
        (None, None, True),
        (None, timedelta(hours=1), True),
        (None, timedelta(seconds=-1), False),
        (timedelta(0), None, False),
        (timedelta(0), timedelta(hours=1), False),
    ],
)
def test_a_key_opens_until_it_is_revoked_or_expires(acme, revoked, expires, usable):
    row, _ = ApiKey.issue(tenant_id=acme.pk, name="x", scopes=["read"])
    row.revoked_at = None if revoked is None else timezone.now() + revoked
    row.expires_at = None if expires is None else timezone.now() + expires

    assert row.is_usable() == usable


# -- what is there once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "again",
    [
        lambda acme, rival: PhoneNumber.objects.create(tenant=rival, number=ACME_NUMBER, is_primary=False),
        lambda acme, rival: PhoneNumber.objects.create(tenant=acme, number="+15005550101"),  # a second primary
        lambda acme, rival: OwnerNumber.objects.create(tenant=acme, number=OWNER_PHONE),
        lambda acme, rival: [Contact.objects.create(tenant=acme, number=CUSTOMER) for _ in range(2)],
        lambda acme, rival: [TwilioAccount.objects.create(account_sid="AC1", auth_token="x") for _ in range(2)],
    ],
)
def test_the_database_keeps_single_what_must_be(acme, rival, again):
    with pytest.raises(IntegrityError), transaction.atomic():
        again(acme, rival)


def test_two_businesses_may_share_an_owner_and_a_customer(acme, rival):
    OwnerNumber.objects.create(tenant=rival, number=OWNER_PHONE, position=1)
    for tenant in (acme, rival):
        Contact.objects.create(tenant=tenant, number=CUSTOMER)

    assert Contact.objects.count() == 2


@pytest.mark.parametrize("number", ["", "4155550123", "+1415555012x", "+0415555012", "+" + "1" * 16, "+1 415 555 0123"])
def test_a_number_is_stored_in_e164_only(acme, number):
    with pytest.raises(ValidationError):
        Contact(tenant=acme, number=number).full_clean()


@pytest.mark.parametrize("zone", ["", "EST5", "america/new_york", "Mars/Base", "../etc/passwd", "America/New_York\n"])
def test_a_time_zone_is_one_of_the_iana_database(zone):
    with pytest.raises(ValidationError):
        Tenant(name="Acme", timezone=zone).full_clean()


def test_everybody_has_a_name(acme, django_user_model):
    user = django_user_model.objects.create(username="bob")
    account = TwilioAccount(account_sid=ACCOUNT)

    assert str(Membership(user=user, tenant=acme)) == "bob · Acme Plumbing"
    assert str(Contact(number=CUSTOMER)) == CUSTOMER
    assert str(Contact(number=CUSTOMER, name="Ann")) == "Ann"
    assert (str(account), str(OwnerNumber(number=OWNER_PHONE))) == (ACCOUNT, OWNER_PHONE)
    assert PhoneNumber(number=ACME_NUMBER).account_sid == ""
    assert PhoneNumber(number=ACME_NUMBER, account=account).account_sid == ACCOUNT


# -- services ---------------------------------------------------------------------------------------------------------


def test_opting_out_is_recorded_and_said_once(acme):
    assert services.opt_out(tenant_id=acme.pk, number=CUSTOMER) is True
    contact = Contact.objects.get()
    assert services.opt_out(tenant_id=acme.pk, number=CUSTOMER) is False

    assert Contact.objects.get().opted_out_at > contact.opted_out_at  # an older START does not come after it
    fact = Fact.objects.get()
    assert (fact.topic, fact.tenant_id, fact.data) == ("contact.opted_out", acme.pk, {"contact_id": contact.pk})


def test_a_landline_is_remembered(acme):
    for _ in range(2):
        services.mark_landline(tenant_id=acme.pk, number=CUSTOMER)

    assert Contact.objects.get().is_landline


def test_alerts_leave_from_the_primary_number_for_the_first_owner(acme):
    PhoneNumber.objects.create(tenant=acme, number="+15005550099", is_primary=False)
    OwnerNumber.objects.create(tenant=acme, number="+15005550199", position=5)
    sender, owner = services.alert_numbers(tenant_id=acme.pk)

    assert (sender.number, owner) == (ACME_NUMBER, OWNER_PHONE)


def test_without_numbers_there_is_nobody_to_alert(acme):
    PhoneNumber.objects.update(state="provisioning")
    OwnerNumber.objects.update(is_active=False)

    assert services.alert_numbers(tenant_id=acme.pk) == (None, "")


@pytest.mark.parametrize(
    ("states", "wanted", "expected"),
    [
        (("active", "active"), None, ACME_NUMBER),
        (("porting", "active"), None, "+15005550101"),
        (("porting", "porting"), None, ACME_NUMBER),
        (("released", "released"), None, None),
        (("active", "active"), "+15005550101", "+15005550101"),
        (("active", "released"), "+15005550101", None),
        (("active", "active"), "+15005550777", None),
    ],
)
def test_a_text_leaves_from_the_number_asked_for_or_the_first_that_can(acme, states, wanted, expected):
    PhoneNumber.objects.create(tenant=acme, number="+15005550101", is_primary=False)
    for number, state in zip((ACME_NUMBER, "+15005550101"), states, strict=True):
        PhoneNumber.objects.filter(number=number).update(state=state)
    found = services.sending_number(PhoneNumber.objects.filter(tenant=acme), wanted)

    assert (found and found.number) == expected


# -- credentials ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account_sid", "expected"),
    [
        ("", (ACCOUNT, "primary-token")),
        (ACCOUNT, (ACCOUNT, "primary-token")),
        ("AC" + "7" * 32, ("AC" + "7" * 32, "own-token")),
        ("AC" + "5" * 32, (ACCOUNT, "primary-token")),
    ],
)
def test_an_account_acts_with_its_own_credentials(acme, account_sid, expected):
    TwilioAccount.objects.create(tenant=acme, account_sid="AC" + "7" * 32, auth_token="own-token")
    found = accounts.credentials(account_sid)

    assert (found.account_sid, found.auth_token) == expected


def test_secrets_are_not_readable_in_the_database(acme):
    TwilioAccount.objects.create(account_sid=ACCOUNT, auth_token="s3cret-1", shared_key_secret="s3cret-2")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM tenants_twilioaccount a")
        stored = cursor.fetchone()[0]

    assert "s3cret" not in stored
    assert TwilioAccount.objects.get().auth_token == "s3cret-1"
    assert TwilioAccount.objects.get().auth_token_secondary == ""
