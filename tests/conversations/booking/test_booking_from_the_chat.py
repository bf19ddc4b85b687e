"""Visits on the page of a conversation."""

import re
from datetime import UTC, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from conversations.booking import services
from conversations.booking.models import Appointment
from nevermisscall.lib.admin import change_url
from sms.models import Message
from tenants.models import Closure
from tests.conversations.booking.conftest import TUESDAY_10
from tests.fixtures.people import CUSTOMER


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("olga", password="a long pass phrase")


@pytest.fixture
def staff(conversation, client, operator):
    client.force_login(operator)  # after the clock was moved, or the session would be over
    return client


@pytest.fixture
def page(staff, conversation):
    return staff.get(change_url(conversation)).text


def key_on(page: str) -> str:
    return re.search(r'/book/.*?name="key" value="([^"]+)"', page, re.DOTALL)[1]


def book(client, conversation, **form):
    url = reverse("admin:booking_appointment_book", args=[conversation.pk])
    return client.post(url, {"start": TUESDAY_10.isoformat(), **form}, follow=True)


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_free_times_are_offered_on_the_businesss_clock(page):
    offered = re.findall(r'<option value="(2035[^"]+)">([^<]+)<', page)

    assert offered[0][1].startswith("Mon ")
    assert (TUESDAY_10.astimezone(UTC).isoformat(), "Tue 10:00") in offered
    assert "Monday 26 November" in page


def test_a_visit_is_booked_confirmed_and_told_once(staff, operator, conversation, page):
    key = key_on(page)
    for _ in range(2):
        answer = book(staff, conversation, key=key, address="1 Main St", problem="Slow drain")

    visit = Appointment.objects.get()
    assert said(answer) == ["Booked for Tue 27 Nov 10:00–11:00; the customer is told."]
    assert (visit.status, visit.decided_by, visit.address) == ("confirmed", operator, "1 Main St")
    assert Message.objects.filter(to_number=CUSTOMER, direction="outbound").count() == 1
    assert LogEntry.objects.get().change_message == f"Booked from the page of conversation {conversation.pk}"


def test_the_chat_tells_of_visits(staff, conversation, ask, operator):
    visit = ask()
    services.decline(appointment=visit, how=Appointment.How.ADMIN, user=operator)
    lines = staff.get(change_url(conversation)).context["lines"]

    told = [(line.text, line.note) for line in lines if line.icon == "event"]
    assert told == [
        ("Visit asked for", "Tue 27 Nov 10:00–11:00"),
        ("Visit declined", "Tue 27 Nov 10:00–11:00 (olga)"),
    ]


def test_a_time_that_was_taken_meanwhile_is_refused(staff, conversation, page, ask):
    ask()
    answer = book(staff, conversation, key=key_on(page))

    assert said(answer) == ["Not booked: that time is not free any more; choose another one."]
    assert Appointment.objects.count() == 1
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("start", ["", "tomorrow", "2035-11-27T10:00:00"])
def test_a_time_that_is_none_is_said(staff, conversation, page, start):
    assert said(book(staff, conversation, key=key_on(page), start=start)) == ["Not booked: choose a time."]


def test_a_time_outside_the_hours_is_refused(staff, conversation, page):
    night = TUESDAY_10 + timedelta(hours=12)

    assert said(book(staff, conversation, key=key_on(page), start=night.isoformat()))[0].startswith("Not booked")


def test_that_no_time_is_free_is_said(staff, acme, conversation):
    Closure.objects.create(tenant=acme, starts_on="2035-11-01", ends_on="2035-12-31")

    assert "No time is free" in staff.get(change_url(conversation)).text


def test_only_those_who_decide_on_visits_book(conversation, client, page):
    viewer = User.objects.create_user("sam", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_conversation"))
    client.force_login(viewer)

    assert "Book a visit" not in client.get(change_url(conversation)).text
    assert book(client, conversation, key=key_on(page)).status_code == 403
    assert not Appointment.objects.exists()
