"""The gate: whom a business may text, and whom it may not."""

from datetime import datetime

import pytest
from django.utils import timezone

from tenants.compliance import Purpose, may_text
from tenants.models import Contact, OwnerNumber, PhoneNumber, Tenant
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE

pytestmark = pytest.mark.django_db


def verdict(to_number: str = CUSTOMER, purpose: str = Purpose.MISSED_CALL):
    number = PhoneNumber.objects.select_related("tenant").get(number=ACME_NUMBER)
    return may_text(number=number, to_number=to_number, purpose=purpose)


def test_a_customer_may_be_texted(acme):
    assert verdict().allowed
    stored = verdict().as_json()
    assert datetime.fromisoformat(stored.pop("at")).tzinfo is not None
    assert stored == {"rule": "allowed", "purpose": "missed_call", "to_kind": "textable"}


@pytest.mark.parametrize(
    ("to_number", "rule"),
    [
        ("", "not_textable"),
        ("anonymous", "not_textable"),
        ("+266696687", "not_textable"),
        ("12345", "not_textable"),
        ("+18005550199", "not_textable"),
        ("client:bob", "not_textable"),
        ("+9991234567", "not_textable"),
        (ACME_NUMBER, "own_number"),
        (OWNER_PHONE, "own_number"),
    ],
)
def test_some_numbers_are_never_texted_after_a_missed_call(acme, to_number, rule):
    assert verdict(to_number).rule == rule


@pytest.mark.parametrize("is_active", [True, False])
def test_an_owner_is_told_of_a_missed_call_but_gets_no_text_back(acme, is_active):
    OwnerNumber.objects.update(is_active=is_active)

    assert verdict(OWNER_PHONE, Purpose.OWNER_ALERT).allowed
    assert not verdict(OWNER_PHONE, Purpose.MISSED_CALL).allowed


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("opted_out_at", timezone.now(), "opted_out"),
        ("is_landline", True, "landline"),
        ("is_personal", True, "personal"),
        ("name", "Ann", "allowed"),
    ],
)
def test_what_we_know_of_a_contact_counts(acme, rival, field, value, rule):
    contact = Contact.objects.create(tenant=acme, number=CUSTOMER, **{field: value})
    Contact.objects.create(tenant=rival, number=CUSTOMER, opted_out_at=timezone.now())

    assert (verdict().rule, verdict().contact_id) == (rule, contact.pk)


def test_a_personal_contact_may_be_answered(acme):
    Contact.objects.create(tenant=acme, number=CUSTOMER, is_personal=True)

    assert verdict(purpose=Purpose.REPLY).allowed


@pytest.mark.parametrize(("status", "rule"), [("suspended", "tenant_not_active"), ("closed", "tenant_not_active")])
def test_a_business_that_is_not_active_texts_nobody(acme, status, rule):
    Tenant.objects.update(status=status)

    assert verdict().rule == rule


@pytest.mark.parametrize("state", ["provisioning", "porting", "released"])
def test_a_number_that_is_not_active_texts_nobody(acme, state):
    PhoneNumber.objects.update(state=state)

    assert verdict().rule == "number_cannot_send"
