"""Beat only does what may be late by an hour: without one nothing is missed, with two nothing happens twice."""

import time

import pytest

from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic

LONG_QUIET = """
    UPDATE conversations_conversation SET last_activity = now() - interval '1 year'
    WHERE status = 'active' AND ai_due_at IS NULL AND last_activity < now() - interval '5 seconds' RETURNING id
"""
OVER = "SELECT count(*) FROM outbox_fact WHERE topic = 'conversation.completed' AND aggregate = ANY(%s)"


@pytest.mark.fault("F5")
def test_without_beat_nothing_is_missed(stack, phone, say, figure):
    stack.start_process("beat")
    with Traffic(stack) as traffic:
        time.sleep(3)
        stack.kill("beat")
        time.sleep(10)

    ledger.check(traffic, recorded_within=30, say=say, figure=figure)


@pytest.mark.fault("F5")
def test_two_beats_live_through_an_hour_and_nothing_happens_twice(stack, phone, say, figure):
    """They run for two minutes of ours; after ten seconds their clocks step ahead, so that every hourly job is due."""
    skew = stack.home / "beat.skew"
    skew.write_text("0")
    for name in ("beat", "second beat"):
        # As a rule it looks at its clock every five minutes only.
        own = ("--max-interval", "5", "--schedule", str(stack.home / name))
        stack.start_process("beat", as_name=name, skew=skew, arguments=own)
    with Traffic(stack, per_second=5) as traffic:
        time.sleep(10)
        quiet = [f"conversation:{pk}" for (pk,) in stack.rows(LONG_QUIET)]
        for hour in range(1, 6):
            skew.write_text(str(3660 * hour))
            time.sleep(20)
    wait_until(lambda: stack.rows(OVER, quiet)[0][0] >= len(quiet), seconds=30)
    alive = [stack.processes[name].poll() is None for name in ("beat", "second beat")]
    for name in ("beat", "second beat"):
        stack.kill(name)
    over = stack.rows(OVER, quiet)[0][0]
    ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    figure(ended=len(quiet), ended_twice=over - len(quiet))

    assert alive == [True, True]
    assert over == len(quiet) > 0
