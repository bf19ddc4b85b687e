"""Every part killed, frozen and restarted at random moments, several at once, under traffic: the ledger balances.

`CHAOS_MINUTES` in the environment makes it longer or shorter, `CHAOS_RATE` posts more webhooks a second, `CHAOS_SEED`
draws other moments.
"""

import heapq
import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.journeys import ledger
from tests.journeys.stack import Stack, wait_until
from tests.journeys.traffic import Traffic

MINUTES = float(os.environ.get("CHAOS_MINUTES", "10"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
WEBHOOKS_A_SECOND = float(os.environ.get("CHAOS_RATE", "20"))
BUSY_TWILIO = [
    {"kind": "error", "status": 429, "code": 20429, "probability": 0.1},
    {"kind": "error", "status": 502, "accepted": True, "probability": 0.03},
]

# What goes wrong, and after so many seconds is mended. Not in threads: what a thread started ends with it.
Fault = Callable[[Stack, random.Random], Iterator[float]]


def a_web_process_killed(stack, chance):
    os.kill(chance.choice(wait_until(lambda: stack.children("web"))), signal.SIGKILL)
    yield 0


def the_web_server_killed(stack, chance):
    stack.kill("web")
    yield 0.5
    stack.start_process("web")


def the_web_server_restarted(stack, chance):
    stack.kill("web", signal.SIGTERM)
    stack.start_process("web")
    yield 0


def the_worker_killed(stack, chance):
    stack.kill("worker")
    yield 0.5
    stack.start_process("worker")


def the_worker_restarted(stack, chance):
    stack.kill("worker", signal.SIGTERM)
    stack.start_process("worker")
    yield 0


def postgresql_stopped(stack, chance):
    stack.postgres.stop()
    yield 5
    stack.postgres.start()


def postgresql_killed(stack, chance):
    stack.postgres.process.kill()
    stack.postgres.process.wait()  # or it would keep its lock as a zombie
    yield 1
    stack.postgres.start()


def postgresql_frozen(stack, chance):
    stack.freeze_postgres()
    yield 3
    stack.freeze_postgres(signal.SIGCONT)


def redis_flushed(stack, chance):
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as client:
        client.flushall()
    yield 0


def redis_killed(stack, chance):
    os.kill(stack.redis.redis.process.pid, signal.SIGKILL)
    yield 2
    stack.redis.revive()


def redis_frozen(stack, chance):
    os.kill(stack.redis.redis.process.pid, signal.SIGSTOP)
    yield 5
    os.kill(stack.redis.redis.process.pid, signal.SIGCONT)


def twilio_busy(stack, chance):
    stack.phone.set_faults(*BUSY_TWILIO)
    yield 8
    stack.phone.clear_faults()


# Each part breaks by itself, whatever the others do, and works for at most so many seconds in between.
PARTS: dict[str, tuple[float, list[Fault]]] = {
    "web": (8, [a_web_process_killed, a_web_process_killed, the_web_server_killed, the_web_server_restarted]),
    "worker": (12, [the_worker_killed, the_worker_restarted]),
    "PostgreSQL": (40, [postgresql_stopped, postgresql_killed, postgresql_frozen]),
    "Redis": (12, [redis_flushed, redis_killed, redis_frozen]),
    "Twilio": (30, [twilio_busy]),
}


def break_everything(stack: Stack, seconds: float) -> Counter[str]:
    """Break the parts for so long, then mend what is broken. Returns how often each fault was."""
    chance, seen, order = random.Random(SEED), Counter[str](), itertools.count()
    until = time.monotonic() + seconds

    def life(part: str) -> Iterator[float]:
        works, faults = PARTS[part]
        while True:
            yield works * chance.uniform(0.3, 1)
            if time.monotonic() > until:
                return
            fault = chance.choice(faults)
            seen[fault.__name__.replace("_", " ")] += 1
            yield from fault(stack, chance)

    due = [(0.0, next(order), life(part)) for part in PARTS]
    while due:
        moment, _, part = heapq.heappop(due)
        time.sleep(max(0.0, moment - time.monotonic()))
        pause = next(part, None)
        if pause is not None:
            heapq.heappush(due, (time.monotonic() + pause, next(order), part))
    return seen


@pytest.mark.fault("F1", "F2", "F6", "F7", "F8", "F12", "F13")
@pytest.mark.timeout(MINUTES * 60 + 900)
def test_everything_breaks_all_the_time(away, say, figure):
    with Traffic(away, per_second=WEBHOOKS_A_SECOND, tries=200) as traffic:
        time.sleep(2)
        faults = break_everything(away, MINUTES * 60)
        wait_until(away.is_live, seconds=60)
        time.sleep(5)
    say(f"{faults.total()} faults in {MINUTES:g} minutes: {dict(faults)}")

    # What a worker held when it died, and Twilio has not, is sent again after two clean looks at Twilio's list.
    ledger.check(traffic, recorded_within=120, texted_within=400, say=say, figure=figure)
    figure(faults=faults.total())
