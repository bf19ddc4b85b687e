"""The AI's minute on the running product: ten thousand customers who wait, and a worker killed a second before."""

import statistics
import time

import pytest

from tests.journeys.stack import wait_until
from tests.journeys.waiting import answers

OUTSTANDING, DUE, PER_SECOND = 9_500, 500, 5


@pytest.mark.fault("F4")
def test_ten_thousand_customers_wait(stack, waiting, say, figure):
    waiting("+1332", OUTSTANDING, "now() + interval '1 hour'")
    due = waiting("+1347", DUE, f"now() + interval '3 seconds' + i * interval '1 second' / {PER_SECOND}")
    wait_until(lambda: len(answers(stack, due)) >= DUE, seconds=200)
    time.sleep(2)
    found = answers(stack, due)
    lateness = sorted((at - due[conversation]).total_seconds() for conversation, at in found)
    p50, p99 = statistics.median(lateness), lateness[int(len(lateness) * 0.99) - 1]
    lost, doubled = DUE - len({row[0] for row in found}), len(found) - len({row[0] for row in found})
    say(
        f"{OUTSTANDING + DUE} outstanding, {DUE} due at {PER_SECOND} a second: late p50 {p50:.2f} s, p99 {p99:.2f} s, "
        f"most {lateness[-1]:.2f} s; {lost} lost, {doubled} doubled"
    )
    figure(events=DUE, lost=lost, doubled=doubled, late_p50_s=round(p50, 2), late_p99_s=round(p99, 2))

    assert (lost, doubled) == (0, 0)
    assert lateness[0] >= 0
    assert p99 < 5


@pytest.mark.fault("F4")
def test_a_worker_that_dies_a_second_before_is_not_waited_for(stack, waiting, say, figure):
    """Two workers; one is killed at 59 s. The other answers at 60."""
    stack.start_process("worker", as_name="second worker")
    due = waiting("+1646", 20, "now() + interval '60 seconds'")
    time.sleep(59)
    stack.kill("worker")
    wait_until(lambda: len(answers(stack, due)) >= 20, seconds=40)
    lateness = [(at - due[conversation]).total_seconds() for conversation, at in answers(stack, due)]
    stack.start_process("worker")
    stack.kill("second worker")
    say(f"20 customers, a worker killed at 59 s: answered {60 + min(lateness):.1f} to {60 + max(lateness):.1f} s after")
    figure(events=20, doubled=len(lateness) - 20, late_at_most_s=round(max(lateness), 1))

    assert len(lateness) == 20
    assert max(lateness) < 3


@pytest.mark.fault("F2", "F4")
def test_the_only_worker_dies_a_second_before_and_is_restarted(stack, waiting, say, figure):
    due = waiting("+1718", 20, "now() + interval '60 seconds'")
    time.sleep(59)
    stack.kill("worker")
    stack.start_process("worker")
    wait_until(lambda: len(answers(stack, due)) >= 20, seconds=60)
    lateness = [(at - due[conversation]).total_seconds() for conversation, at in answers(stack, due)]
    say(
        f"the only worker killed at 59 s and started again: answered {60 + min(lateness):.1f} to "
        f"{60 + max(lateness):.1f} s after"
    )
    figure(events=20, doubled=len(lateness) - 20, late_at_most_s=round(max(lateness), 1))

    assert len(lateness) == 20
    assert max(lateness) < 30
