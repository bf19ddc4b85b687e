"""Every process is asked to end in turn, under load: no request is cut, nothing is lost or sent twice."""

import contextlib
import signal
import socket
import time

import pytest

from tests.journeys import traffic as t
from tests.journeys.stack import Stack, wait_until
from tests.journeys.traffic import Traffic

ROUNDS = 1
DRAIN_SECONDS = 30


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two web servers on one socket, two workers and a beat, as in docs/operations.md, Upgrading."""
    running = Stack(tmp_path_factory.mktemp("pair"))
    try:
        running.start()
        running.business(t.BUSINESS, t.OWNER)
        running.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
        running.kill("web", signal.SIGTERM)
        with listening(running):
            start(running, "worker 2")
            start(running, "beat")
            t.warm_up(running)
            yield running
            for name in ("web", "web 2"):
                running.kill(name, signal.SIGTERM)
    finally:
        running.stop()


@contextlib.contextmanager
def listening(stack):
    """Hold the port as systemd does, with two web servers behind it."""
    with socket.create_server(("127.0.0.1", stack.port), backlog=2048) as stack.listener:
        for name in ("web", "web 2"):
            start(stack, name)
        yield


def start(stack, name: str, **how) -> None:
    """Start one and wait until it serves."""
    kind = name.split()[0]
    log = stack.home / f"{kind}.log"
    ready = {"web": "web process ready", "worker": " ready.", "beat": "beat: Starting"}[kind]
    wanted = {"web": 2, "worker": 1, "beat": 0}[kind] + (log.read_text().count(ready) if log.exists() else 0)
    stack.start_process(kind, as_name=name, listener=stack.listener if kind == "web" else None, **how)
    wait_until(lambda: log.exists() and log.read_text().count(ready) >= wanted, seconds=90)


def end(stack, name: str) -> float:
    """Ask it to end; return how long that took."""
    asked = time.monotonic()
    assert stack.kill(name, signal.SIGTERM) == 0
    return time.monotonic() - asked


@pytest.mark.fault("F24")
@pytest.mark.parametrize("keeps_connections", [False, True], ids=["new connections", "kept connections"])
def test_everything_is_restarted_in_turn(pair, say, figure, keeps_connections):
    pair.phone.set_faults({"kind": "slow", "seconds": 2})  # so that there is always a text in somebody's hands
    drains: dict[str, list[float]] = {}
    with Traffic(pair, keeps_connections=keeps_connections) as traffic:
        time.sleep(2)
        for _ in range(ROUNDS):
            for name in ("web", "web 2", "worker", "worker 2", "beat"):
                drains.setdefault(name.split()[0], []).append(end(pair, name))
                start(pair, name)
        time.sleep(2)
    pair.phone.clear_faults()
    slowest = {name: round(max(seconds), 1) for name, seconds in drains.items()}
    say(f"{ROUNDS} rolling restarts; the slowest ends, in seconds: {slowest}")
    answered = t.check(traffic, recorded_within=15, say=say, figure=figure)
    figure(**{f"drain_{name}_s": seconds for name, seconds in slowest.items()}, cut=answered["posted again"])

    assert answered["posted again"] == 0
    assert max(slowest.values()) < DRAIN_SECONDS
