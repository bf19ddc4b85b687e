"""The calendar feed, read by a calendar program."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse
from icalendar import Calendar

from conversations.booking import calendars, services
from conversations.booking.models import Appointment, CalendarFeed
from tenants.models import Contact, Tenant
from tests.conversations.booking.conftest import TUESDAY_10, at

HOW = Appointment.How


@pytest.fixture
def feed(acme):
    feed = CalendarFeed(tenant=acme)
    calendars.renew(feed)
    return feed


@pytest.fixture
def subscribe(client, feed):
    """Fetch the feed as a calendar program does; `headers` are what it sends along."""

    def fetch(**headers: str):
        return client.get(reverse("calendar-feed", args=[feed.token]), headers=headers)

    return fetch


def events(answer) -> list:
    return Calendar.from_ical(answer.content).walk("VEVENT")


def test_a_requested_visit_is_tentative_until_it_is_confirmed(ask, subscribe):
    visit = ask(address="12 Elm St; rear, 2nd floor")
    [before] = events(subscribe())
    services.confirm(appointment=visit, how=HOW.API)
    [after] = events(subscribe())

    assert [str(event["STATUS"]) for event in (before, after)] == ["TENTATIVE", "CONFIRMED"]
    assert before["SUMMARY"] == "To be confirmed: plumbing drain: (415) 555-0123"
    assert after["SUMMARY"] == "plumbing drain: (415) 555-0123"
    assert (after["DTSTART"].dt, after["DTEND"].dt) == (TUESDAY_10, TUESDAY_10 + timedelta(hours=1))
    assert after["LOCATION"] == "12 Elm St; rear, 2nd floor"
    assert after["DESCRIPTION"] == "(415) 555-0123\nSlow drain"


def test_a_change_keeps_the_uid_and_counts_the_sequence(ask, subscribe, time_machine):
    visit = ask()
    [before] = events(subscribe())
    time_machine.shift(timedelta(minutes=5))
    services.confirm(appointment=visit, how=HOW.API)
    [after] = events(subscribe())

    assert before["UID"] == after["UID"] == str(visit.uid)
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["LAST-MODIFIED"].dt - before["LAST-MODIFIED"].dt == timedelta(minutes=5)


@pytest.mark.parametrize("start", ["2035-11-02T10:00:00-04:00", "2035-11-05T10:00:00-05:00"])
def test_times_are_utc_on_either_side_of_a_clock_change(conversation, subscribe, start, time_machine):
    time_machine.move_to(at("2035-11-01T08:00-04:00"))
    services.request(conversation=conversation, start=at(start), key="first")

    assert events(subscribe())[0]["DTSTART"].to_ical().endswith(b"Z")
    assert events(subscribe())[0]["DTSTART"].dt == at(start)


@pytest.mark.parametrize("off", [services.decline, services.cancel])
def test_a_visit_that_is_off_is_gone(ask, subscribe, off):
    off(appointment=ask(), how=HOW.API)

    assert events(subscribe()) == []


def test_old_visits_leave_the_feed(ask, subscribe, time_machine):
    ask()
    time_machine.move_to(TUESDAY_10 + timedelta(days=59))
    assert len(events(subscribe())) == 1

    time_machine.move_to(TUESDAY_10 + timedelta(days=61))
    assert events(subscribe()) == []


def test_what_has_not_changed_is_not_sent_again(ask, subscribe):
    visit = ask()
    first = subscribe()
    again = subscribe(**{"If-None-Match": first.headers["ETag"]})
    services.confirm(appointment=visit, how=HOW.API)
    changed = subscribe(**{"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, max-age=60"
    assert again.content == b""


@pytest.mark.parametrize(
    "words", ["BEGIN:VEVENT\r\nX-EVIL:1", "tab\tbell\x07 nul-free", "ñandú 🚰 日本語 " * 20, "a\\nb; c, d:\u2028e", ""]
)
def test_what_strangers_write_is_text_and_nothing_else(ask, subscribe, words):
    Contact.objects.update(name=words[:120])
    Tenant.objects.update(name=words[:120])
    ask(problem=words, address=words[:300])
    answer = subscribe()

    [event] = events(answer)
    assert "X-EVIL" not in event
    assert answer.content.count(b"BEGIN:VEVENT\r\n") == 1
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))


def test_a_spanish_business_reads_spanish(ask, subscribe):
    Tenant.objects.update(language="es")
    ask(job_type="")

    assert events(subscribe())[0]["SUMMARY"] == "Por confirmar: Visita: (415) 555-0123"


def test_each_business_has_its_own(ask, subscribe, client, rival):
    ask()
    theirs = CalendarFeed(tenant=rival)
    calendars.renew(theirs)

    assert events(client.get(reverse("calendar-feed", args=[theirs.token]))) == []
    assert len(events(subscribe())) == 1


def test_the_feed_costs_two_queries(ask, subscribe, django_assert_num_queries):
    for hour in range(4):
        ask(start=TUESDAY_10 + timedelta(hours=hour), key=str(hour))

    with django_assert_num_queries(2):
        subscribe()


# -- its address ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["x", "0" * 43])
def test_an_unknown_address_is_not_found(client, feed, token):
    answer = client.get(f"/calendar/{token}.ics")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_a_feed_is_only_read(client, feed):
    assert client.post(reverse("calendar-feed", args=[feed.token])).status_code == 405
    assert client.head(reverse("calendar-feed", args=[feed.token])).status_code == 200


def test_the_address_is_neither_stored_in_the_open_nor_logged(feed, subscribe, caplog):
    caplog.set_level("INFO")
    subscribe()
    with connection.cursor() as cursor:
        cursor.execute("SELECT token, token_hash FROM booking_calendarfeed")
        stored = " ".join(cursor.fetchone())

    assert feed.token not in stored
    assert [record.path for record in caplog.records if record.message == "request"] == ["/calendar/…"]
    assert feed.token not in caplog.text


def test_an_operator_makes_a_feed_and_gives_it_a_new_address(client, acme):
    client.force_login(get_user_model().objects.create_superuser("olga"))
    client.post(reverse("admin:booking_calendarfeed_add"), {"tenant": acme.pk})
    feed = CalendarFeed.objects.get()
    page = reverse("admin:booking_calendarfeed_change", args=[feed.pk])
    assert calendars.address(feed) in client.get(page).text
    assert calendars.address(feed).startswith("https://nmc.example.com/calendar/")

    old = reverse("calendar-feed", args=[feed.token])
    assert client.get(old).status_code == 200
    client.post(reverse("admin:booking_calendarfeed_changelist"), {"action": "renew", "_selected_action": [feed.pk]})
    assert client.get(old).status_code == 404


def test_those_who_may_only_look_at_feeds_do_not_see_their_addresses(client, feed):
    viewer = get_user_model().objects.create_user("vic", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_calendarfeed"))
    client.force_login(viewer)
    page = client.get(reverse("admin:booking_calendarfeed_change", args=[feed.pk]))

    assert page.status_code == 200
    assert feed.token not in page.text
