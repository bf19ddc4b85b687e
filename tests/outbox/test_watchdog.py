"""A worker that hears nothing although Redis answers is told from one that nobody could reach."""

import pytest
import redis
from django.conf import settings

from nevermisscall.outbox import tasks, watchdog
from nevermisscall.outbox.watchdog import DEAF_AFTER, QUEUE, Watchdog


class Consumer:
    """Celery's, as far as the watchdog knows it."""

    def add_task_queue(self, name, **options):
        assert name == QUEUE
        assert options["expires"]


@pytest.fixture
def clock(monkeypatch):
    """A monotonic clock that is set by hand."""
    clock = [1000.0]
    monkeypatch.setattr(watchdog, "monotonic", lambda: clock[0])
    watchdog.heard()
    return clock


@pytest.fixture
def dog(clock):
    yield Watchdog(Consumer(), finish=lambda: None)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(QUEUE)


def is_deaf_after(dog, clock, seconds) -> bool:
    for _ in range(int(seconds / 5)):
        clock[0] += 5
        if dog.is_deaf():
            return True
    return False


def test_a_worker_that_hears_nothing_for_a_minute_is_deaf(dog, clock):
    assert not is_deaf_after(dog, clock, DEAF_AFTER)
    assert is_deaf_after(dog, clock, 15)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.llen(QUEUE) > 10  # its rings, which nobody took


def test_a_worker_that_hears_its_ring_is_not(dog, clock):
    for _ in range(30):
        clock[0] += 5
        assert not dog.is_deaf()
        tasks.hear()


def test_while_redis_is_away_nobody_is_deaf(dog, clock, settings):
    where, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:9/0"
    assert not is_deaf_after(dog, clock, 10 * DEAF_AFTER)

    settings.REDIS_URL = where  # it is back, and the worker has a minute to hear of it
    assert not is_deaf_after(dog, clock, DEAF_AFTER)
    assert is_deaf_after(dog, clock, 15)


def test_a_mistake_of_its_own_is_in_the_log_and_ends_nothing(dog, clock, monkeypatch, logged):
    monkeypatch.setattr(tasks.hear, "apply_async", lambda **_: 1 / 0)
    clock[0] += 10 * DEAF_AFTER

    assert not dog._looks_deaf()
    assert "ZeroDivisionError" in logged()
