"""The sweeper does what the doorbell did not, and the doorbell never makes a request wait."""

import queue as queues_in_memory
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from django.db import transaction

from nevermisscall.outbox import doorbell, facts, queues, work
from nevermisscall.outbox.facts import DELIVERIES
from nevermisscall.outbox.models import Delivery
from nevermisscall.outbox.places import Places
from nevermisscall.outbox.sweeper import Sweeper


def wait_until(condition, *, seconds: float = 5.0) -> float:
    """Wait for `condition`; return how long it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it never happened"
        time.sleep(0.01)
    return time.monotonic() - started


@pytest.fixture
def sweeper(transactional_db):
    running = Sweeper()
    running.start()
    yield running
    running.stop()


def test_rings_that_no_worker_hears_do_not_fill_redis(settings, monkeypatch, caplog):
    """The lists of the test's Redis are read by nobody."""
    monkeypatch.setattr(doorbell, "COUNTED_EVERY", 1)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        lane = DELIVERIES.lane.value
        client.delete(lane)
        monkeypatch.setattr(doorbell, "UNHEARD_AT_MOST", 5)
        for pk in range(20):
            doorbell.ring(DELIVERIES, pk)
        wait_until(lambda: caplog.text.count("no worker hears the doorbell") == 15)
        assert client.llen(lane) == 5
        client.delete(lane)
        doorbell.ring(DELIVERIES, 1)
        wait_until(lambda: client.llen(lane) == 1)


@pytest.mark.django_db(transaction=True)
def test_due_work_is_done_without_any_broker(happened, subscriber, sweeper, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    with transaction.atomic():
        facts.publish(happened(words={"n": 1}))

    assert wait_until(lambda: subscriber.seen) < 1.5
    wait_until(lambda: not Delivery.objects.filter(next_attempt_at__isnull=False).exists())


@pytest.mark.django_db(transaction=True)
def test_more_than_there_are_places_for_follows_as_soon_as_one_is_free(happened, subscriber, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    monkeypatch.setitem(queues._queues, DELIVERIES.name, replace(DELIVERIES, places=Places(2)))
    for n in range(10):
        with transaction.atomic():
            facts.publish(happened(words={"n": n}))
    subscriber.before = lambda: time.sleep(0.1)
    seldom = Sweeper(every_seconds=2)
    seldom.start()
    try:
        assert wait_until(lambda: len(subscriber.seen) == 10) < 4  # five rounds would take eight seconds
    finally:
        seldom.stop()


@pytest.mark.fault("F26")
@pytest.mark.django_db(transaction=True)
def test_slow_work_does_not_hold_up_the_rest(happened, subscriber, sweeper, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    gate, first = threading.Event(), threading.Lock()

    def block_first() -> None:
        if first.acquire(blocking=False):
            gate.wait(5)

    subscriber.before = block_first
    for n in range(5):
        with transaction.atomic():
            facts.publish(happened(words={"n": n}))

    wait_until(lambda: len(subscriber.seen) == 4)
    gate.set()
    wait_until(lambda: len(subscriber.seen) == 5)


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_survives_a_failing_database(happened, subscriber, sweeper, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    real, failures = work.claim, []

    def broken(*args, **kwargs):
        if len(failures) < 3:
            failures.append(1)
            raise ConnectionError("away")
        return real(*args, **kwargs)

    monkeypatch.setattr(work, "claim", broken)
    wait_until(lambda: len(failures) == 3)
    with transaction.atomic():
        facts.publish(happened())

    wait_until(lambda: subscriber.seen)


def test_a_full_doorbell_drops_the_ring_and_returns_at_once(monkeypatch, caplog):
    monkeypatch.setattr(doorbell, "_waiting", queues_in_memory.Queue(1))
    monkeypatch.setattr(doorbell, "_ensure_thread", lambda: None)
    started = time.monotonic()
    doorbell.ring(DELIVERIES, 1)
    doorbell.ring(DELIVERIES, 2)

    assert time.monotonic() - started < 0.1
    assert "doorbell is full" in caplog.text


def test_a_broker_that_is_away_does_not_stop_the_doorbell(settings, monkeypatch, caplog):
    from nevermisscall.outbox import tasks

    rung: list[int] = []

    def flaky(args, **_):
        rung.append(args[1])
        if args[1] == 1:
            raise ConnectionRefusedError

    monkeypatch.setattr(tasks.do_work, "apply_async", flaky)
    doorbell.ring(DELIVERIES, 1)
    doorbell.ring(DELIVERIES, 2)

    wait_until(lambda: rung == [1, 2])
    assert "could not ring" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_runs_while_the_worker_ends_keeps_its_lease(happened, subscriber, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    monkeypatch.setattr(work, "RENEW_EVERY", timedelta(seconds=0.05))
    gate = threading.Event()
    subscriber.before = lambda: gate.wait(10)
    sweeper = Sweeper()
    sweeper.start()
    with transaction.atomic():
        facts.publish(happened())
    wait_until(work.held)
    sweeper.claim_no_more()
    time.sleep(0.2)
    before = Delivery.objects.get().lease_until
    wait_until(lambda: Delivery.objects.get().lease_until > before)
    gate.set()
    sweeper.stop()

    assert Delivery.objects.get().next_attempt_at is None


@pytest.mark.django_db(transaction=True)
def test_what_was_claimed_at_the_last_moment_is_given_back(happened, subscriber, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    with transaction.atomic():
        facts.publish(happened())
    sweeper = Sweeper()
    sweeper.claim_no_more()
    sweeper.sweep()

    delivery = Delivery.objects.get()
    assert (delivery.lease_until, delivery.fence, delivery.attempts) == (None, None, 0)
    assert subscriber.seen == []


@pytest.mark.django_db(transaction=True)
def test_what_a_leaving_worker_lets_go_is_done_by_another_at_once(happened, subscriber, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda *_: None)
    with transaction.atomic():
        facts.publish(happened())
    seen = []

    def leave_and_be_overtaken() -> None:
        subscriber.before = lambda: None
        work.let_go([DELIVERIES])
        [row] = work.claim(DELIVERIES, limit=1)
        seen.append(row.fence)

    subscriber.before = leave_and_be_overtaken
    work.run_one(DELIVERIES, Delivery.objects.get().pk)

    delivery = Delivery.objects.get()
    assert delivery.fence == seen[0]
    assert delivery.next_attempt_at is not None
