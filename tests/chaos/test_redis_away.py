"""Redis flushed, frozen and killed under 20 webhooks a second: they are answered as fast, and nothing is much later."""

import os
import signal
import statistics
import time

import pytest
import redis

from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic

AI_SECONDS = 3
# From the decision that a call was missed until Twilio had the text.
TEXTS = """
    SELECT extract(epoch FROM message.sent_at - event.occurred_at) FROM calls_call call
    JOIN calls_callevent event ON event.call_id = call.id AND event.kind = 'decided'
    JOIN sms_message message ON message.to_number = call.from_number
    WHERE call.from_number = ANY(%s)
"""
# From the moment an answer was due until there was one.
TIMERS = """
    SELECT extract(epoch FROM min(ours.created_at) - min(theirs.created_at)) - %s FROM sms_message theirs
    JOIN sms_message ours ON ours.to_number = theirs.from_number AND ours.sender_type = 'ai'
    WHERE theirs.from_number = ANY(%s) GROUP BY theirs.from_number
"""


def flush(stack):
    client = redis.Redis.from_url(stack.env["REDIS_URL"])
    for _ in range(20):
        client.flushall()
        time.sleep(1)
    client.close()


def freeze(stack):
    os.kill(stack.redis.redis.process.pid, signal.SIGSTOP)
    time.sleep(30)
    os.kill(stack.redis.redis.process.pid, signal.SIGCONT)


def kill(stack):
    for _ in range(3):
        os.kill(stack.redis.redis.process.pid, signal.SIGKILL)
        time.sleep(4)
        stack.redis.revive()
        time.sleep(3)


def endure(stack, fault, say, figure=lambda **_: None) -> dict[str, float]:
    """Let the traffic go on during the fault; return how slow its webhooks, and how late texts and answers, were."""
    with Traffic(stack) as traffic:
        time.sleep(2)
        fault(stack)
        time.sleep(2)
    wrote = [story.customer for story in traffic.stories if story.kind == "text"]
    wait_until(lambda: len(stack.rows(TIMERS, AI_SECONDS, wrote)) == len(wrote), seconds=120)
    answered = ledger.check(traffic, recorded_within=20, say=say, figure=figure)
    missed = [story.customer for story in traffic.stories if story.kind == "missed"]
    texts = [float(late) for (late,) in stack.rows(TEXTS, missed)]
    timers = [float(late) for (late,) in stack.rows(TIMERS, AI_SECONDS, wrote)]
    seen = {
        "webhook_p99_ms": answered["p99 ms"],
        "text_late_p50_s": round(statistics.median(texts), 2),
        "text_late_p95_s": round(statistics.quantiles(texts, n=20)[-1], 2),
        "text_late_max_s": round(max(texts), 2),
        "timer_late_p50_s": round(statistics.median(timers), 2),
        "timer_late_p95_s": round(statistics.quantiles(timers, n=20)[-1], 2),
        "timer_late_max_s": round(max(timers), 2),
    }
    say(f"{fault.__name__}: {seen}")
    return seen


@pytest.fixture(scope="module")
def busy(away):
    """The product, with an AI that answers soon."""
    away.rows("UPDATE tenants_tenant SET ai_takeover_seconds = %s RETURNING 1", AI_SECONDS)
    yield away
    away.rows("UPDATE tenants_tenant SET ai_takeover_seconds = NULL RETURNING 1")


@pytest.fixture(scope="module")
def usual(busy):
    """How it is when all is well, on this machine, now."""

    def nothing(_):
        time.sleep(15)

    return endure(busy, nothing, say=lambda _: None)


@pytest.mark.fault("F6")
@pytest.mark.parametrize("fault", [flush, freeze, kill])
def test_nothing_waits_for_redis(busy, usual, fault, say, figure):
    seen = endure(busy, fault, say, figure)
    say(f"the same without a fault: {usual}")
    figure(**seen, **{f"usual_{name}": value for name, value in usual.items()})

    assert seen["webhook_p99_ms"] <= max(100, 3 * usual["webhook_p99_ms"])
    for late in ("text_late_p50_s", "text_late_p95_s", "timer_late_p50_s", "timer_late_p95_s"):
        assert seen[late] <= usual[late] + 1
