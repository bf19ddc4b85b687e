"""A worker's connection to Redis goes dead without a word: it hears again, or it ends and is started again."""

import os
import time
from urllib.parse import urlsplit, urlunsplit

import pytest

from nevermisscall.outbox.watchdog import DEAF_AFTER, EXIT_CODE
from tests.faults.proxy import Proxy
from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic

# Celery's loop stands still, as it does when one of its callbacks never returns.
STUCK = "celery.worker.state:maybe_shutdown before sleep=3600 400"


@pytest.fixture
def proxied(stack, phone):
    """A worker that reaches Redis through a proxy."""
    where = urlsplit(stack.env["REDIS_URL"])
    stack.kill("worker")
    with Proxy(where.hostname, where.port) as proxy:
        account, _, _ = where.netloc.rpartition("@")
        stack.start_process("worker", REDIS_URL=urlunsplit(where._replace(netloc=f"{account}@127.0.0.1:{proxy.port}")))
        wait_until(lambda: rung(stack), seconds=90)
        yield proxy
        stack.kill("worker")
    stack.start_process("worker")


def rung(stack) -> bool:
    """Tell whether a worker says that it lives."""
    return bool(stack.rows("SELECT 1 FROM outbox_heartbeat WHERE beat_at > now() - interval '6 seconds'"))


def hears(stack) -> bool:
    """Tell whether some worker takes what is rung."""
    import redis

    with redis.Redis.from_url(stack.env["REDIS_URL"]) as client:
        return not any(client.llen(name) for name in ("urgent", "default", "bulk"))


@pytest.mark.fault("F6")
def test_a_dead_connection_to_redis_is_noticed(stack, proxied, say, figure):
    with Traffic(stack) as traffic:
        time.sleep(3)
        proxied.swallow()
        time.sleep(30)
        proxied.behave()
        back = time.monotonic()
        wait_until(lambda: hears(stack) or stack.processes["worker"].poll() is not None, seconds=2 * DEAF_AFTER)
        seconds = time.monotonic() - back
    ended = stack.processes["worker"].poll()
    say(f"30 s without Redis unnoticed: heard again after {seconds:.0f} s, exit code {ended}")
    ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    figure(hears_again_s=round(seconds), exits=int(ended is not None))

    assert ended in {None, EXIT_CODE}


@pytest.mark.fault("F6")
def test_a_deaf_worker_ends_and_another_hears(stack, phone, say, figure):
    stack.kill("worker")
    stack.start_process("worker", failpoints=STUCK)
    with Traffic(stack, per_second=5) as traffic:
        began = time.monotonic()
        wait_until(lambda: stack.processes["worker"].poll() is not None, seconds=4 * DEAF_AFTER)
        seconds, code = time.monotonic() - began, stack.processes["worker"].returncode
        stack.start_process("worker")  # as a supervisor does
        time.sleep(5)
    say(f"a worker that hears nothing ended after {seconds:.0f} s with exit code {code}")
    ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    figure(ended_after_s=round(seconds))

    assert code == EXIT_CODE
    assert "hears no doorbell although Redis answers" in (stack.home / "worker.log").read_text()


@pytest.mark.fault("F6")
def test_without_redis_no_worker_ends(stack, phone, say, figure):
    os.kill(stack.redis.redis.process.pid, 9)
    try:
        with Traffic(stack, per_second=5) as traffic:
            time.sleep(DEAF_AFTER + 20)
    finally:
        stack.redis.revive()
    ledger.check(traffic, recorded_within=30, say=say, figure=figure)

    assert stack.processes["worker"].poll() is None
