"""Two visits of one resource never overlap, whoever asks at whatever moment."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from conversations.booking import services
from conversations.booking.models import Appointment, Resource
from conversations.models import Conversation
from tenants.models import Contact
from tests.conversations.booking.conftest import TUESDAY_10, at
from tests.fixtures.people import make_business

HOUR = timedelta(hours=1)
API = Appointment.How.API


@pytest.fixture
def book(acme):
    """Write a visit's row, with no service in between. Hours are counted from Tuesday at 10."""
    contact = Contact.objects.create(tenant=acme, number="+14155550123")

    def insert(start: float, end: float, resource: Resource, **fields) -> Appointment:
        defaults = {"status": "confirmed", "idempotency_key": str(Appointment.objects.count())}
        return Appointment.objects.create(
            tenant=acme,
            contact=contact,
            resource=resource,
            starts_at=TUESDAY_10 + start * HOUR,
            ends_at=TUESDAY_10 + end * HOUR,
            **defaults | fields,
        )

    return insert


@pytest.fixture
def crew(acme):
    return Resource.objects.create(tenant=acme, name="Crew")


@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (-1, 0.5), (0.5, 2), (0.25, 0.75), (-1, 2), (1 - 1 / 60, 2), (0.999, 2)]
)
@pytest.mark.parametrize("status", ["requested", "confirmed"])
def test_the_database_refuses_an_overlap(book, crew, start, end, status):
    book(0, 1, crew)
    hold = TUESDAY_10 if status == "requested" else None
    with pytest.raises(IntegrityError, match="appointments_do_not_overlap"), transaction.atomic():
        book(start, end, crew, status=status, hold_expires_at=hold)


@pytest.mark.parametrize(("start", "end"), [(1, 2), (-1, 0)])
def test_it_allows_one_right_after_the_other(book, crew, start, end):
    book(0, 1, crew)
    book(start, end, crew)


def test_it_allows_another_resource(book, crew, acme):
    book(0, 1, crew)
    for number in range(5):  # their numbers lie next to each other
        book(0, 1, Resource.objects.create(tenant=acme, name=f"Van {number}"))


@pytest.mark.parametrize("status", ["declined", "canceled", "expired"])
def test_visits_that_are_off_are_in_nobodys_way(book, crew, status):
    book(0, 1, crew, status=status)
    book(0, 1, crew)
    book(0, 1, crew, status=status)


def test_a_visit_that_was_off_cannot_come_back_over_another(book, crew):
    off = book(0, 1, crew, status="expired")
    book(0, 1, crew)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=off.pk).update(status="confirmed")


def test_only_what_is_requested_has_a_hold_and_always(book, crew):
    for fields in ({"status": "requested"}, {"status": "confirmed", "hold_expires_at": TUESDAY_10}):
        with pytest.raises(IntegrityError, match="requested_is_held"), transaction.atomic():
            book(0, 1, crew, **fields)


def test_a_visit_ends_after_it_starts(book, crew):
    with pytest.raises(IntegrityError), transaction.atomic():
        book(1, 1, crew)


# -- at the same moment -----------------------------------------------------------------------------------------------


def conversation_of(tenant, number: str) -> Conversation:
    contact = Contact.objects.create(tenant=tenant, number=number)
    return Conversation.objects.create(
        tenant=tenant, phone_number=tenant.numbers.get(), contact=contact, customer_phone=number
    )


def at_once(jobs) -> list:
    """Run the jobs in threads that start together; return what each returned or raised."""
    barrier, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = jobs[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("resources", [0, 3])
def test_of_twenty_customers_who_want_one_time_as_many_get_it_as_there_are_resources(resources):
    tenant = make_business()
    for number in range(resources):
        Resource.objects.create(tenant=tenant, name=f"Van {number}")
    conversations = [conversation_of(tenant, f"+1415555{1000 + n}") for n in range(20)]
    # Half of them a little earlier or later: they overlap all the same.
    starts = [at("2035-11-27T10:00-05:00") + timedelta(minutes=15 * (n % 3)) for n in range(20)]
    results = at_once(
        [
            lambda conversation=conversation, start=start: services.request(
                conversation=conversation, start=start, key=f"c{conversation.pk}"
            )
            for conversation, start in zip(conversations, starts, strict=True)
        ]
    )

    got = [result for result in results if isinstance(result, Appointment)]
    assert len(got) == Appointment.objects.count() == (resources or 1)
    assert {type(result) for result in results} == {Appointment, services.SlotTaken}


@pytest.mark.django_db(transaction=True)
def test_one_customer_who_asks_many_times_at_once_has_one_visit():
    conversation = conversation_of(make_business(), "+14155550123")
    start = at("2035-11-27T10:00-05:00")
    results = at_once([lambda: services.request(conversation=conversation, start=start, key="same")] * 8)

    assert {result.pk for result in results} == {Appointment.objects.get().pk}


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_counts():
    conversation = conversation_of(make_business(), "+14155550123")
    start = at("2035-11-27T10:00-05:00")
    for number in range(5):
        visit = services.request(conversation=conversation, start=start + number * HOUR, key=f"key {number}")
        results = at_once(
            [
                lambda visit=visit: services.confirm(appointment=visit, how=API),
                lambda visit=visit: services.decline(appointment=visit, how=API),
            ]
            * 2
        )

        visit.refresh_from_db()
        refused = [result for result in results if isinstance(result, services.InvalidTransition)]
        assert len(refused) == 2
        assert visit.revision == 1
        assert conversation.entries.count() == number + 1
