"""So many requests a minute for each key, with Redis and without."""

import os
import signal
import time

import pytest

from nevermisscall.api import throttling
from nevermisscall.api.throttling import RateLimiter
from nevermisscall.dev.embedded import EmbeddedServices
from tests.api.conftest import SEND, with_key

LIMIT = 20


@pytest.fixture(scope="module")
def private_redis(tmp_path_factory):
    """A Redis that only these tests use, so that they may freeze it."""
    services = EmbeddedServices(tmp_path_factory.mktemp("redis"), postgres=False)
    yield services, services.start()["REDIS_URL"]
    services.remove()


@pytest.fixture
def frozen(private_redis):
    services, _ = private_redis
    pid = services.redis.process.pid
    yield lambda: os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGCONT)


@pytest.fixture
def make_limiter(private_redis):
    return lambda processes=2: RateLimiter(private_redis[1], limit=LIMIT, processes=processes)


@pytest.fixture
def strict(settings, private_redis):
    """The product with a limit of three requests a minute."""
    settings.API_REQUESTS_PER_MINUTE, settings.REDIS_URL = 3, private_redis[1]
    throttling.limiter.cache_clear()
    yield
    throttling.limiter.cache_clear()


def passed(limiter, name, requests):
    return sum(limiter.count(name) is None for _ in range(requests))


def test_the_request_over_the_limit_is_told_when_to_come_back(strict, api, acme):
    answers = [api.get("/api/calls/") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["error"]["code"] == "RATE_LIMITED"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert with_key(acme).get("/api/calls/").status_code == 200  # another key has its own minute


def test_requests_that_are_refused_count_too(strict, acme):
    reader = with_key(acme, "read")

    assert [reader.post(SEND, {}).status_code for _ in range(4)] == [403, 403, 403, 429]


def test_all_processes_count_together(make_limiter):
    first, second = make_limiter(), make_limiter()

    assert passed(first, "together", LIMIT // 2) + passed(second, "together", LIMIT) == LIMIT


def test_the_minute_ends(make_limiter, monkeypatch):
    monkeypatch.setattr(throttling, "WINDOW_SECONDS", 0.5)
    limiter = make_limiter()
    assert passed(limiter, "ends", LIMIT + 5) == LIMIT
    wait = limiter.count("ends")
    time.sleep(wait)

    assert 0 < wait <= 0.5
    assert passed(limiter, "ends", LIMIT + 5) == LIMIT


def test_a_count_that_would_never_end_ends(make_limiter, private_redis):
    import redis

    limiter = make_limiter()
    limiter.count("stuck")
    with redis.Redis.from_url(private_redis[1]) as client:
        client.persist("nevermisscall:requests:stuck")
        limiter.count("stuck")
        assert 0 < client.pttl("nevermisscall:requests:stuck") <= 60_000


def test_with_redis_frozen_it_still_limits_and_nobody_waits(make_limiter, frozen):
    limiters = [make_limiter(), make_limiter()]
    assert sum(passed(limiter, "frozen", LIMIT // 2) for limiter in limiters) == LIMIT
    frozen()
    started = time.monotonic()
    more = sum(passed(limiter, "frozen", 5 * LIMIT) for limiter in limiters)

    assert time.monotonic() - started < 1
    assert LIMIT + more <= 2 * LIMIT


def test_from_the_start_without_redis_all_processes_stay_within_twice_the_limit():
    limiters = [RateLimiter("redis://127.0.0.1:1/0", limit=LIMIT, processes=5) for _ in range(5)]

    assert LIMIT <= sum(passed(limiter, "alone", LIMIT) for limiter in limiters) <= 2 * LIMIT


def test_when_redis_is_back_it_counts_again(make_limiter, frozen, private_redis, monkeypatch):
    monkeypatch.setattr(throttling, "AVOID_SECONDS", 0.2)
    first, second = make_limiter(), make_limiter()
    frozen()
    passed(first, "back", 1)
    os.kill(private_redis[0].redis.process.pid, signal.SIGCONT)
    time.sleep(0.3)

    assert passed(first, "back", LIMIT) + passed(second, "back", LIMIT) <= LIMIT


def test_through_the_door_with_redis_frozen(strict, api, frozen):
    api.get("/api/calls/")
    frozen()
    started = time.monotonic()
    answers = [api.get("/api/calls/") for _ in range(10)]

    assert time.monotonic() - started < 2
    assert [answer.status_code for answer in answers] == [200, 200, *[429] * 8]


def test_a_process_forgets_whose_minute_is_over(monkeypatch):
    monkeypatch.setattr(throttling, "WINDOW_SECONDS", 0.0)
    monkeypatch.setattr(throttling, "REMEMBERED", 5)
    limiter = RateLimiter("redis://127.0.0.1:1/0", limit=LIMIT, processes=2)
    for number in range(20):
        limiter.count(str(number))

    assert len(limiter._counts) <= 6
