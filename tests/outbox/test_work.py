"""Claim, lease, fence, backoff, dead letter."""

import itertools
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import facts, work
from nevermisscall.outbox.facts import DELIVERIES
from nevermisscall.outbox.models import Delivery, Fact
from nevermisscall.outbox.queues import GiveUp, Retry
from sms.models import Message
from tests.fixtures.people import CUSTOMER

pytestmark = pytest.mark.django_db


def due_delivery(happened, **words) -> Delivery:
    with transaction.atomic():
        fact_id = facts.publish(happened(words=words))
    return Delivery.objects.get(fact_id=fact_id)


def test_a_published_fact_reaches_its_subscriber_once(happened, subscriber):
    delivery = due_delivery(happened, n=1)

    assert work.run_one(DELIVERIES, delivery.pk) is True
    assert work.run_one(DELIVERIES, delivery.pk) is False
    assert subscriber.seen == [{"n": 1}]


def test_a_fact_that_is_rolled_back_was_never_published(happened, subscriber):
    with transaction.atomic():
        facts.publish(happened())
        transaction.set_rollback(True)

    assert not Fact.objects.exists()
    assert not Delivery.objects.exists()


def test_the_facts_of_one_aggregate_are_numbered(happened, subscriber):
    for aggregate in ("test:1", "test:1", "test:2", "test:1"):
        facts.publish(happened(aggregate=aggregate))

    found = Fact.objects.order_by("occurred_at").values_list("aggregate", "sequence")
    assert list(found) == [("test:1", 1), ("test:1", 2), ("test:2", 1), ("test:1", 3)]


def test_fact_ids_sort_by_time(happened, subscriber):
    ids = []
    for n in range(3):
        ids.append(facts.publish(happened(words={"n": n})))
        time.sleep(0.002)

    assert all(fact_id.version == 7 for fact_id in ids)
    assert [fact.data["n"] for fact in Fact.objects.order_by("id")] == [0, 1, 2]


def test_work_is_not_claimed_before_it_is_due(happened, subscriber):
    delivery = due_delivery(happened)
    Delivery.objects.update(next_attempt_at=DatabaseClock() + timedelta(minutes=1))

    assert work.claim(DELIVERIES, limit=10) == []
    assert not work.run_one(DELIVERIES, delivery.pk)


def test_a_leased_row_is_nobody_elses_until_the_lease_ends(happened, subscriber):
    due_delivery(happened)
    [first] = work.claim(DELIVERIES, limit=10)
    assert work.claim(DELIVERIES, limit=10) == []

    Delivery.objects.update(lease_until=DatabaseClock() - timedelta(seconds=1))
    [second] = work.claim(DELIVERIES, limit=10)

    assert (second.pk, second.attempts) == (first.pk, 2)
    assert second.fence > first.fence


def test_whoever_lost_the_lease_changes_nothing(happened, subscriber):
    due_delivery(happened)
    [slow] = work.claim(DELIVERIES, limit=1)
    Delivery.objects.update(lease_until=DatabaseClock() - timedelta(seconds=1))
    [quick] = work.claim(DELIVERIES, limit=1)

    work.run_claimed(DELIVERIES, slow)

    row = Delivery.objects.get()
    assert row.fence == quick.fence
    assert row.next_attempt_at is not None


def test_a_held_lease_is_renewed(happened, subscriber):
    due_delivery(happened)
    [row] = work.claim(DELIVERIES, limit=1)
    Delivery.objects.update(lease_until=DatabaseClock() + timedelta(seconds=1))
    subscriber.before = lambda: work.renew_leases([DELIVERIES])

    work.run_claimed(DELIVERIES, row)
    before = row.lease_until
    subscriber.before()

    assert Delivery.objects.get().lease_until is None
    assert before is not None


def test_failed_work_is_due_again_after_a_growing_wait(happened, subscriber):
    delivery = due_delivery(happened)
    subscriber.error = ConnectionError("nobody there")
    waits = []
    for _ in range(4):
        assert not work.run_one(DELIVERIES, delivery.pk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM next_attempt_at - clock_timestamp()) FROM outbox_delivery")
            waits.append(float(cursor.fetchone()[0]))
        Delivery.objects.update(next_attempt_at=DatabaseClock())

    assert all(later > earlier * 1.2 for earlier, later in itertools.pairwise(waits))
    assert Delivery.objects.get().last_error == "ConnectionError: nobody there"


def test_a_row_that_postgresql_refuses_is_not_quoted(happened, subscriber, logged):
    """Its sentence about the error ends with all of the row: numbers and words of a customer."""
    delivery = due_delivery(happened)
    said = {"from_number": CUSTOMER, "body": "It is\n\nleaking"}

    def keep_what_may_not_be() -> None:
        with transaction.atomic():
            Message.objects.create(**said)

    subscriber.before = keep_what_may_not_be
    work.run_one(DELIVERIES, delivery.pk)
    everything = logged() + Delivery.objects.get().last_error

    assert everything.count("violates check constraint") == 4  # ours and Django's error, why it is tried again, the row
    assert "keep_what_may_not_be" in everything
    assert CUSTOMER not in everything
    assert "leaking" not in everything


def test_a_handler_may_say_when_to_retry(happened, subscriber):
    delivery = due_delivery(happened)
    subscriber.error = Retry("not yet", after=timedelta(hours=1))
    work.run_one(DELIVERIES, delivery.pk)

    with connection.cursor() as cursor:
        cursor.execute("SELECT next_attempt_at - clock_timestamp() FROM outbox_delivery")
        assert cursor.fetchone()[0] > timedelta(minutes=59)


def test_work_that_can_never_succeed_is_a_dead_letter_at_once(happened, subscriber):
    delivery = due_delivery(happened)
    subscriber.error = GiveUp("the customer moved to the moon")
    work.run_one(DELIVERIES, delivery.pk)

    row = Delivery.objects.get()
    assert row.dead_at is not None
    assert row.last_error == "the customer moved to the moon"
    assert work.claim(DELIVERIES, limit=1) == []


@pytest.mark.fault("F26")
def test_the_last_attempt_leaves_a_dead_letter_that_can_be_replayed(happened, subscriber):
    delivery = due_delivery(happened, n=7)
    subscriber.error = RuntimeError("bug")
    for _ in range(DELIVERIES.max_attempts):
        Delivery.objects.update(next_attempt_at=DatabaseClock())
        work.run_one(DELIVERIES, delivery.pk)
    assert Delivery.objects.get().dead_at is not None

    subscriber.error = None
    assert work.replay(DELIVERIES, [delivery.pk]) == 1
    assert work.run_one(DELIVERIES, delivery.pk)
    assert subscriber.seen == [{"n": 7}]


@pytest.mark.fault("F26")
def test_a_row_that_kills_its_worker_each_time_becomes_a_dead_letter(happened, subscriber):
    delivery = due_delivery(happened)
    Delivery.objects.update(attempts=DELIVERIES.max_attempts)

    assert not work.run_one(DELIVERIES, delivery.pk)
    assert Delivery.objects.get().dead_at is not None
    assert subscriber.seen == []


@pytest.mark.django_db(transaction=True)
def test_many_threads_never_claim_the_same_row(happened, subscriber):
    for n in range(60):
        due_delivery(happened, n=n)
    barrier, claimed = threading.Barrier(6), []

    def claim_some() -> None:
        barrier.wait()
        for _ in range(5):
            claimed.extend(row.pk for row in work.claim(DELIVERIES, limit=3))
        connection.close()

    threads = [threading.Thread(target=claim_some) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == len(set(claimed)) == 60
