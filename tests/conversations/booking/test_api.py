"""Visits, free times and busy times through the API."""

from datetime import timedelta

import pytest

from conversations.booking import services
from conversations.booking.models import Appointment, BusyTime, Resource
from sms.models import Message
from tests.api.conftest import with_key, with_session
from tests.conversations.booking.conftest import TUESDAY_10
from tests.fixtures.people import CUSTOMER

LIST = "/api/appointments/"
BUSY = "/api/busy-times/"
AFTERNOON = {"starts_at": "2035-11-27T13:00:00-05:00", "ends_at": "2035-11-27T17:00:00-05:00"}


@pytest.fixture
def api(acme):
    """Acme's program."""
    return with_key(acme)


def starts(answer) -> list[str]:
    return [slot["start"] for slot in answer.json()["results"]]


# -- visits -----------------------------------------------------------------------------------------------------------


def test_a_visit_says_what_it_is(ask, api, conversation):
    visit = ask(address="12 Elm St")
    shown = api.get(f"{LIST}{visit.pk}").json()

    assert shown.pop("hold_expires_at") is not None
    assert shown.pop("created_at") is not None
    assert shown == {
        "id": visit.pk,
        "status": "requested",
        "starts_at": "2035-11-27T15:00:00Z",
        "ends_at": "2035-11-27T16:00:00Z",
        "timezone": "America/New_York",
        "conversation_id": conversation.pk,
        "customer_phone": CUSTOMER,
        "customer_name": "",
        "resource_id": visit.resource_id,
        "resource": "Crew",
        "job_type": "plumbing_drain",
        "problem": "Slow drain",
        "address": "12 Elm St",
        "decided_at": None,
        "decided_by": None,
        "decided_how": None,
        "reason": "",
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [0, 1, 2]),
        ({"ordering": "-starts_at"}, [2, 1, 0]),
        ({"status": "confirmed"}, [1]),
        ({"from": "2035-11-27T16:00:00Z"}, [1, 2]),
        ({"from": "2035-11-27T16:00:00Z", "to": "2035-11-27T17:00:00Z"}, [1]),
        ({"conversation": "1000000"}, []),
    ],
)
def test_visits_are_listed_by_time_and_what_is_asked_for(ask, api, query, found):
    visits = [ask(start=TUESDAY_10 + timedelta(hours=hour), key=str(hour)) for hour in range(3)]
    services.confirm(appointment=visits[1], how=Appointment.How.PHONE)
    results = api.get(LIST, query).json()["results"]

    assert [row["id"] for row in results] == [visits[index].pk for index in found]


def test_a_list_costs_the_same_however_long_it_is(ask, api, django_assert_num_queries):
    ask()
    api.get(LIST)
    with django_assert_num_queries(2):  # the key and the page
        api.get(LIST)
    for hour in range(1, 6):
        ask(start=TUESDAY_10 + timedelta(hours=hour), key=str(hour))

    with django_assert_num_queries(2):
        assert len(api.get(LIST).json()["results"]) == 6


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2035-11-27"}, "from"),
        ({"to": "2035-11-27T16:00:00"}, "to"),
        ({"status": "lost"}, "status"),
        ({"conversation": "x"}, "conversation"),
        ({"conversation": "9" * 30}, "conversation"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(api, query, field):
    answer = api.get(LIST, query)

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]


@pytest.mark.parametrize(
    ("decision", "status"), [("confirm", "confirmed"), ("decline", "declined"), ("cancel", "canceled")]
)
def test_a_decision_is_made_once(ask, api, decision, status):
    visit = ask()
    answers = [api.post(f"{LIST}{visit.pk}/{decision}").json() for _ in range(2)]

    assert {(answer["status"], answer["decided_how"]) for answer in answers} == {(status, "api")}
    assert Message.objects.filter(to_number=CUSTOMER).count() == 1


def test_a_reason_is_kept_and_not_told(ask, api):
    visit = ask()
    answer = api.post(f"{LIST}{visit.pk}/decline", {"reason": "Owes us for the last one"})

    assert answer.json()["reason"] == "Owes us for the last one"
    assert "Owes" not in Message.objects.get(to_number=CUSTOMER).body


def test_a_decision_that_cannot_be_is_a_conflict(ask, api):
    visit = ask()
    api.post(f"{LIST}{visit.pk}/decline")
    error = api.post(f"{LIST}{visit.pk}/confirm")

    assert (error.status_code, error.json()["error"]["code"]) == (409, "INVALID_TRANSITION")
    assert error.json()["error"]["message"] == "a visit that is declined cannot become confirmed"


def test_a_person_of_the_staff_is_named_as_the_one_who_decided(ask):
    visit = ask()
    browser = with_session("change_appointment")
    browser.post(f"{LIST}{visit.pk}/confirm")

    visit.refresh_from_db()
    assert visit.decided_by is not None
    assert browser.get(LIST).status_code == 403


def test_staff_see_a_page_in_their_browser(ask):
    visit = ask()
    page = with_session("view_appointment").get(f"{LIST}{visit.pk}", Accept="text/html")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "Slow drain" in page.text


# -- free times -------------------------------------------------------------------------------------------------------


def test_free_times_are_listed(ask, api):
    ask(start=TUESDAY_10 - timedelta(hours=2))
    answer = api.get("/api/slots/", {"from": "2035-11-27T00:00:00-05:00", "limit": "2"})

    assert answer.json() == {
        "timezone": "America/New_York",
        "results": [
            {"start": "2035-11-27T14:00:00Z", "end": "2035-11-27T15:00:00Z"},
            {"start": "2035-11-27T14:30:00Z", "end": "2035-11-27T15:30:00Z"},
        ],
    }


def test_free_times_near_a_wanted_one_are_listed(ask, api):
    assert starts(api.get("/api/slots/", {"around": TUESDAY_10.isoformat(), "limit": "1"})) == ["2035-11-27T15:00:00Z"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"from": "tomorrow"}, "from"),
        ({"from": "9999-12-31T23:59:59Z"}, "from"),
    ],
)
def test_a_question_for_free_times_that_makes_no_sense_is_explained(api, query, field):
    assert list(api.get("/api/slots/", query).json()["error"]["fields"]) == [field]


def test_the_platform_says_whose_free_times_it_means(ask, acme):
    platform = with_key(None)

    assert list(platform.get("/api/slots/").json()["error"]["fields"]) == ["tenant"]
    assert len(starts(platform.get("/api/slots/", {"tenant": acme.pk}))) == 10
    assert platform.get("/api/slots/", {"tenant": 2**62}).status_code == 404


# -- busy times -------------------------------------------------------------------------------------------------------


def test_a_busy_time_is_kept_free_and_given_back(ask, api):
    made = api.post(BUSY, {**AFTERNOON, "note": "Dentist"})
    assert made.status_code == 201
    assert made.json()["note"] == "Dentist"
    assert [row["id"] for row in api.get(BUSY).json()["results"]] == [made.json()["id"]]

    afternoon = {"from": "2035-11-27T12:00:00-05:00", "limit": "1"}
    assert starts(api.get("/api/slots/", afternoon)) == ["2035-11-27T17:00:00Z"]
    with pytest.raises(services.SlotTaken):
        ask(start=TUESDAY_10 + timedelta(hours=4))

    assert api.request("DELETE", f"{BUSY}{made.json()['id']}").status_code == 204
    assert not BusyTime.objects.exists()


def test_busy_times_are_found_by_when_they_are(api):
    made = api.post(BUSY, AFTERNOON).json()["id"]
    during = api.get(BUSY, {"from": "2035-11-27T20:00:00Z", "to": "2035-11-27T21:00:00Z"}).json()["results"]

    assert [row["id"] for row in during] == [made]
    assert api.get(BUSY, {"from": "2035-11-27T22:00:00Z"}).json()["results"] == []


def test_with_several_resources_a_busy_time_says_whose_it_is(api, acme):
    for name in ("North", "South"):
        Resource.objects.create(tenant=acme, name=name)
    refused = api.post(BUSY, AFTERNOON)
    made = api.post(BUSY, {**AFTERNOON, "resource": Resource.objects.get(name="South").pk})

    assert refused.json()["error"]["fields"] == {"resource": "is needed here: the business has 2 that make visits"}
    assert made.json()["resource"] == "South"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**AFTERNOON, "ends_at": AFTERNOON["starts_at"]}, "ends_at"),
        ({**AFTERNOON, "starts_at": "2035-11-27T13:00:00"}, "starts_at"),
        ({**AFTERNOON, "resource": 2**62}, "resource"),
        ({**AFTERNOON, "note": "x" * 201}, "note"),
        ({"ends_at": AFTERNOON["ends_at"]}, "starts_at"),
    ],
)
def test_a_busy_time_that_makes_no_sense_is_refused(api, body, field):
    answer = api.post(BUSY, body)

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]
    assert not BusyTime.objects.exists()


def test_the_same_request_twice_is_one_busy_time(api):
    answers = [api.post(BUSY, AFTERNOON, **{"Idempotency-Key": "dentist"}).json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert BusyTime.objects.count() == 1
