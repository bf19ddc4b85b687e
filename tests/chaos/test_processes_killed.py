"""Web processes killed under 20 webhooks a second: the ledger balances, and hardly a caller notices."""

import os
import random
import signal
import time

import pytest

from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic

AS_TWILIO = 1 + 3  # with `#rc=3`


@pytest.mark.fault("F1")
def test_a_web_process_is_killed_every_two_seconds(away, say, figure):
    """Whichever it is: also one that has only just begun."""
    chance = random.Random(1)
    killed = 0
    with Traffic(away, tries=AS_TWILIO) as traffic:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            time.sleep(2)
            workers = wait_until(lambda: away.children("web"))
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed += 1
        time.sleep(3)

    answered = ledger.check(traffic, recorded_within=20, say=say, figure=figure)
    share = answered["failed at first"] / answered["webhooks"]
    say(f"{killed} web processes killed: {share:.1%} of the webhooks had to be posted again")
    figure(killed=killed, failed_at_first_percent=round(share * 100, 1))
    assert (answered["unknown"], share <= 0.01) == (0, True)
