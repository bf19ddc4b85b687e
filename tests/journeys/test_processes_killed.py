"""A web process killed under traffic, and a worker at the moment the AI's timers fire. Longer: `tests/chaos`."""

import os
import signal
import time

import pytest

from tests.journeys import ledger, waiting
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic


@pytest.mark.fault("F1")
def test_a_killed_web_process_takes_nothing_along(stack, phone, figure):
    with Traffic(stack, tries=4) as traffic:
        for _ in range(3):
            time.sleep(1)
            os.kill(stack.children("web")[0], signal.SIGKILL)
        time.sleep(1)

    ledger.check(traffic, recorded_within=15, figure=figure)


@pytest.mark.fault("F4")
def test_a_sweeper_that_dies_with_timers_in_its_hands_answers_nobody_twice(stack, phone, figure):
    stack.start_process("worker", as_name="doomed", failpoints="conversations.dispatching.saving:save after kill 3")
    beats = "SELECT 1 FROM outbox_heartbeat WHERE worker LIKE %s"
    wait_until(lambda: stack.rows(beats, f"%:{stack.processes['doomed'].pid}"), seconds=60)
    due = waiting.write(stack, "+1502", 30, "now() + interval '1 second' + i * interval '1 second' / 30")
    wait_until(lambda: stack.processes["doomed"].poll() is not None, seconds=30)
    stack.processes.pop("doomed")
    wait_until(lambda: len(waiting.answers(stack, due)) >= 30, seconds=60)
    time.sleep(1)

    answered = [conversation for conversation, _ in waiting.answers(stack, due)]
    late = waiting.lateness(stack, due)
    figure(events=30, lost=0, doubled=len(answered) - len(set(answered)), late_max_s=round(late[-1], 1))
    assert sorted(answered) == sorted(due)
    assert late[0] >= 0
