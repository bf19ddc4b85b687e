"""An owner is asked about a visit, and decides it from their phone."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from conversations.booking import services as booking
from conversations.booking.models import Appointment
from nevermisscall.outbox.models import Delivery
from tenants.models import BusinessHours, Tenant
from tests.conversations.owner.conftest import BOB, JANE, reload


@pytest.fixture
def visit(jane, phones, business):
    """Jane wants a visit in two days, and the owner was asked."""
    for weekday in range(7):
        BusinessHours.objects.create(tenant=business, weekday=weekday, opens_at=time(0), closes_at=time(0))
    start = (timezone.now() + timedelta(days=2)).replace(hour=15, minute=0)
    appointment = booking.request(conversation=jane, start=start, key="1", problem="leak", address="1 Main St")
    phones.do_due_work()
    return appointment


def test_the_owner_is_asked_about_a_visit(phones, visit, jane):
    assert phones.last_to().startswith(f"{jane} (415) 555-0123 asks for a visit on ")
    assert phones.last_to().endswith(": leak, 1 Main St. Reply YES to confirm or NO to decline.")


def test_an_owner_who_asked_for_quiet_is_asked_afterwards(phones, business, request):
    phones.owner("QUIET 2H")
    visit = request.getfixturevalue("visit")
    assert "asks for a visit" not in phones.last_to()
    asking = Delivery.objects.get(subscriber="owner.ask_about_visit")
    assert timedelta(minutes=119) < asking.next_attempt_at - visit.created_at < timedelta(minutes=121)

    Tenant.objects.update(alerts_quiet_until=timezone.now())
    Delivery.objects.filter(pk=asking.pk).update(next_attempt_at=timezone.now())
    phones.do_due_work()
    assert "asks for a visit" in phones.last_to()


@pytest.mark.parametrize("word", ["YES", "Sí"])
def test_yes_confirms_it(phones, visit, jane, word):
    phones.owner(word)

    assert (reload(visit).status, visit.decided_how) == ("confirmed", "phone")
    assert "is confirmed. We told them." in phones.last_to()
    assert "is confirmed" in phones.texts_to(JANE)[-1]
    assert reload(jane).relay_to == ""


def test_no_declines_it_with_a_reason_for_us(phones, visit):
    phones.owner("NO too far away")

    assert (reload(visit).status, visit.reason) == ("declined", "too far away")
    assert "is declined. We asked for another time." in phones.last_to()
    assert "too far" not in phones.texts_to(JANE)[-1]


@pytest.mark.parametrize("words", ["No problem", "Yes see you then", "No, we bring our own"])
def test_words_that_begin_so_are_for_the_customer(phones, visit, words):
    phones.owner(words)

    assert phones.texts_to(JANE) == [words]
    assert reload(visit).status == "requested"


@pytest.mark.parametrize("word", ["Yes", "No", "ok"])
def test_without_a_question_of_ours_they_are_for_the_customer_too(phones, jane, word):
    phones.owner(word)

    assert phones.texts_to(JANE) == [word]


def test_a_visit_is_decided_once(phones, visit, jane):
    phones.owner("YES")
    phones.owner(f"{jane} NO")

    assert reload(visit).status == "confirmed"
    assert phones.texts_to(JANE)[-1] == "NO"  # an answer to the customer now: nothing waits for it


def test_a_yes_that_two_may_mean_is_asked_about(phones, visit, jane):
    phones.customer("do you fix heaters?", phone=BOB)
    phones.owner("YES")
    assert reload(visit).status == "requested"
    phones.owner(f"{jane}")

    assert reload(visit).status == "confirmed"
    assert phones.texts_to(BOB) == []


def test_a_late_yes_counts_while_the_time_is_free(phones, visit):
    Appointment.objects.update(status="expired", hold_expires_at=None)
    phones.owner("YES")

    assert reload(visit).status == "confirmed"


def test_a_late_yes_for_a_time_that_went_says_so(phones, visit, jane):
    Appointment.objects.update(status="expired", hold_expires_at=None)
    booking.request(conversation=jane, start=visit.starts_at, key="2")
    Appointment.objects.filter(idempotency_key="2").update(status="confirmed", hold_expires_at=None)
    phones.owner(f"{jane} YES")

    assert reload(visit).status == "expired"
    assert phones.last_to().endswith("another visit has that time.")
