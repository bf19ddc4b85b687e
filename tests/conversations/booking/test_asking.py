"""Asking for a visit: a time that is free is held, any other is refused."""

from datetime import timedelta

import pytest

from conversations.booking.models import Appointment, BusyTime, Resource
from conversations.booking.services import SlotTaken
from nevermisscall.outbox.models import Fact
from tests.conversations.booking.conftest import TUESDAY_10, at, converse, texts_sent, topics
from tests.fixtures.people import CUSTOMER


def test_a_time_that_is_asked_for_is_held_and_nobody_is_texted(ask, conversation):
    visit = ask()

    assert (visit.status, visit.starts_at, visit.ends_at) == ("requested", TUESDAY_10, at("2035-11-27T11:00-05:00"))
    assert visit.resource == Resource.objects.get(tenant=conversation.tenant)
    assert texts_sent() == []
    fact = Fact.objects.get(topic="appointment.requested")
    assert fact.aggregate == f"appointment:{visit.pk}"
    assert fact.data == {
        "appointment_id": visit.pk,
        "conversation_id": conversation.pk,
        "user_id": None,
        "customer_phone": CUSTOMER,
        "starts_at": "2035-11-27T15:00:00+00:00",
        "ends_at": "2035-11-27T16:00:00+00:00",
        "job_type": "plumbing_drain",
    }


def test_asking_again_under_the_same_key_changes_nothing(ask):
    first, again = ask(), ask(start=TUESDAY_10 + timedelta(hours=3))

    assert (again.pk, again.starts_at) == (first.pk, TUESDAY_10)
    assert topics() == ["appointment.requested"]


@pytest.mark.parametrize("minutes", [-59, -30, 0, 30, 59])
def test_a_time_that_somebody_has_is_refused(ask, minutes):
    ask()
    with pytest.raises(SlotTaken, match="slot_taken"):
        ask(start=TUESDAY_10 + timedelta(minutes=minutes), key="second")

    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("minutes", [-60, 60])
def test_the_time_right_before_and_after_is_free(ask, minutes):
    ask()

    assert ask(start=TUESDAY_10 + timedelta(minutes=minutes), key="second").status == "requested"


@pytest.mark.parametrize(
    "start",
    [
        "2035-11-26T07:30:00-05:00",  # before now
        "2035-11-27T07:30:00-05:00",  # before opening
        "2035-11-27T16:30:00-05:00",  # would end after closing
        "2035-12-01T10:00:00-05:00",  # Saturday
    ],
)
def test_a_time_outside_the_hours_is_refused(ask, start):
    with pytest.raises(SlotTaken):
        ask(start=at(start))


def test_a_time_between_the_offered_ones_will_do(ask):
    assert ask(start=at("2035-11-27T10:10:45-05:00")).starts_at == at("2035-11-27T10:10:00-05:00")


def test_a_busy_time_is_refused(ask, conversation):
    resource = Resource.objects.create(tenant=conversation.tenant, name="Van")
    BusyTime.objects.create(
        tenant=conversation.tenant,
        resource=resource,
        starts_at=TUESDAY_10 + timedelta(minutes=59),
        ends_at=TUESDAY_10 + timedelta(hours=2),
    )
    with pytest.raises(SlotTaken):
        ask()


def test_two_crews_make_two_visits_at_a_time(ask, conversation):
    for name in ("North", "South"):
        Resource.objects.create(tenant=conversation.tenant, name=name)
    Resource.objects.create(tenant=conversation.tenant, name="Sold van", is_active=False)

    assert [ask(key=key).resource.name for key in "ab"] == ["North", "South"]
    with pytest.raises(SlotTaken):
        ask(key="c")


def test_another_business_has_its_own_times(ask, rival, client):
    ask()
    theirs = converse(client, From="+14155550177", To="+15005550900")

    assert ask(conversation=theirs).tenant == rival


def test_words_that_are_too_long_or_cannot_be_stored_cost_nobody_their_visit(ask):
    visit = ask(job_type="x" * 200, problem="dr\x00ip", address="y" * 1000)

    assert (len(visit.job_type), visit.problem, len(visit.address)) == (60, "drip", 300)
