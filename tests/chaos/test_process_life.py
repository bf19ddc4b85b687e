"""Every process is asked to end in turn, under load: no request is cut, nothing is lost or sent twice."""

import time

import pytest

from tests.chaos.pairs import pair
from tests.journeys import ledger
from tests.journeys.traffic import Traffic

ROUNDS = 5
DRAIN_SECONDS = 30


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


@pytest.mark.fault("F24")
@pytest.mark.parametrize("keeps_connections", [False, True], ids=["new connections", "kept connections"])
def test_everything_is_restarted_in_turn(running, say, figure, keeps_connections):
    phone = running.stack.phone
    phone.set_faults({"kind": "slow", "seconds": 2})  # so that there is always a text in somebody's hands
    drains: dict[str, list[float]] = {}
    with Traffic(running.stack, keeps_connections=keeps_connections) as traffic:
        time.sleep(2)
        for _ in range(ROUNDS):
            for name in ("web", "web 2", "worker", "worker 2", "beat"):
                drains.setdefault(name.split()[0], []).append(running.end(name))
                running.start(name)
        time.sleep(2)
    phone.clear_faults()
    slowest = {name: round(max(seconds), 1) for name, seconds in drains.items()}
    say(f"{ROUNDS} rolling restarts; the slowest ends, in seconds: {slowest}")
    answered = ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    figure(**{f"drain_{name}_s": seconds for name, seconds in slowest.items()}, cut=answered["posted again"])

    assert answered["posted again"] == 0
    assert max(slowest.values()) < DRAIN_SECONDS
