"""The breaker: closed, open, half open, and back."""

import threading

import pytest

from conversations.ai.breaker import Breaker, State


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(failures=3, pause_seconds=30, clock=clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.failed("timeout: late")


def test_it_opens_after_failures_in_a_row(breaker):
    fail(breaker, 2)
    assert breaker.allows()
    fail(breaker, 1)

    assert not breaker.allows()
    assert breaker.snapshot().state == State.OPEN


def test_a_success_between_them_starts_the_count_again(breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)

    assert breaker.allows()


def test_after_the_pause_one_is_let_through(breaker, clock):
    fail(breaker, 3)
    clock.now += 30

    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    assert breaker.snapshot().state == State.HALF_OPEN


def test_its_success_closes_it(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.allows()
    breaker.succeeded()

    assert breaker.snapshot().state == State.CLOSED
    assert breaker.allows()


def test_its_failure_opens_it_for_another_pause(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.allows()
    fail(breaker, 1)
    clock.now += 29

    assert not breaker.allows()
    clock.now += 1
    assert breaker.allows()


def test_a_trial_that_never_says_how_it_went_does_not_block_for_ever(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.allows()
    clock.now += 30

    assert breaker.allows()


def test_it_counts_and_keeps_the_last_error(breaker):
    fail(breaker, 1)
    breaker.succeeded()
    snapshot = breaker.snapshot()

    assert (snapshot.successes, snapshot.failures, snapshot.last_error) == (1, 1, "timeout: late")


def test_of_many_threads_one_is_let_through(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    start, allowed = threading.Barrier(20), []

    def run():
        start.wait()
        allowed.append(breaker.allows())

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert allowed.count(True) == 1
