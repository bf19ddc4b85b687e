"""Visits in the admin."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse

from conversations.booking import services
from conversations.booking.models import Appointment, BusyTime, Resource
from sms.models import Message
from tests.conversations.booking.conftest import TUESDAY_10
from tests.fixtures.people import CUSTOMER

LIST = reverse("admin:booking_appointment_changelist")


@pytest.fixture
def operator(db):
    return get_user_model().objects.create_superuser("olga", password="a long pass phrase")


@pytest.fixture
def staff(ask, client, operator):
    client.force_login(operator)  # after the clock was moved, or the session would be over
    return client


def choose(staff, action: str, *visits: Appointment):
    return staff.post(LIST, {"action": action, "_selected_action": [visit.pk for visit in visits]}, follow=True)


def test_the_list_and_the_page_show_a_visit_on_the_businesss_clock(staff, ask):
    visit = ask()
    page = staff.get(reverse("admin:booking_appointment_change", args=[visit.pk])).text

    assert "Tue 27 Nov 2035 10:00–11:00" in staff.get(LIST).text
    assert "Tue 27 Nov 2035 10:00–11:00" in page
    assert "Slow drain" in page


@pytest.mark.parametrize(
    ("action", "status"), [("confirm", "confirmed"), ("decline", "declined"), ("cancel", "canceled")]
)
def test_an_operator_decides_and_the_customer_is_told(staff, ask, operator, action, status):
    visit = ask()
    answer = choose(staff, action, visit)

    visit.refresh_from_db()
    assert (visit.status, visit.decided_how, visit.decided_by) == (status, "admin", operator)
    assert f"{CUSTOMER}: {status}" in answer.text
    assert Message.objects.filter(to_number=CUSTOMER).count() == 1


def test_what_cannot_be_decided_is_said_and_the_rest_is_done(staff, ask):
    off, good = ask(), ask(start=TUESDAY_10 + timedelta(hours=1), key="second")
    services.decline(appointment=off, how=Appointment.How.API)
    answer = choose(staff, "confirm", off, good)

    assert "a visit that is declined cannot become confirmed" in answer.text
    good.refresh_from_db()
    assert good.status == "confirmed"


def test_those_who_may_only_look_decide_nothing(client, ask):
    viewer = get_user_model().objects.create_user("vic", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_appointment"))
    client.force_login(viewer)
    visit = ask()
    choose(client, "confirm", visit)

    visit.refresh_from_db()
    assert visit.status == "requested"


def test_a_busy_time_is_for_a_resource_of_the_same_business(staff, acme, rival):
    theirs = Resource.objects.create(tenant=rival, name="Van")
    fields = {
        "tenant": acme.pk,
        "resource": theirs.pk,
        "starts_at_0": "2035-11-27",
        "starts_at_1": "15:00",
        "ends_at_0": "2035-11-27",
        "ends_at_1": "16:00",
        "note": "",
    }
    answer = staff.post(reverse("admin:booking_busytime_add"), fields)

    assert "belongs to another business" in answer.text
    assert not BusyTime.objects.exists()
