"""What a webhook costs: CPU of the web process and of PostgreSQL, under full load, beside an empty Django view."""

import statistics
from dataclasses import dataclass

from bench import load
from bench.stack import Stack

CONNECTIONS = 16
ROUNDS = 3
PER_ROUND = 800
WARM_UP = 200  # the first requests of a thread connect to the database and prepare the statements
DEADLINE_SECONDS = 8.0
KINDS = ("floor", "call", "progress", "dial")


@dataclass(frozen=True)
class Cost:
    """Milliseconds of CPU for each request, medians over the rounds; requests a second on the whole machine."""

    web: float
    postgres: float
    low: float  # of web + postgres, over the rounds
    high: float
    per_second: float
    errors: int

    @property
    def total(self) -> float:
        return self.web + self.postgres


def measure(stack: Stack) -> dict[str, Cost]:
    """Return the cost of each kind of request, the rounds interleaved so that noise falls on all alike.

    The worker is not running, so that PostgreSQL works for the webhooks alone.
    """
    rounds: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
    with stack.pinned():
        _round(stack, WARM_UP)
        for _ in range(ROUNDS):
            for kind, cost in _round(stack, PER_ROUND).items():
                rounds[kind].append(cost)
    return {kind: _median(costs) for kind, costs in rounds.items()}


def _round(stack: Stack, how_many: int) -> dict[str, Cost]:
    """Each caller calls, their call's progress is reported, and nobody answers."""
    twilio, callers = stack.twilio, stack.twilio.callers(how_many)
    return {
        "floor": _cost(stack, "floor", [twilio.call(caller) for caller in callers]),
        "call": _cost(stack, "web", [twilio.call(caller) for caller in callers]),
        "progress": _cost(stack, "web", [twilio.progress(caller) for caller in callers]),
        "dial": _cost(stack, "web", [twilio.dial(caller) for caller in callers]),
    }


def _cost(stack: Stack, server: str, requests: list[bytes]) -> Cost:
    meter = stack.meter(server, "postgres")
    outcome = load.at_once(stack.ports[server], requests, connections=CONNECTIONS, deadline_seconds=DEADLINE_SECONDS)
    used = meter.used()
    answered = max(1, len(outcome.latencies))
    web, postgres = used[server] / answered, used["postgres"] / answered
    if server == "floor":
        postgres = 0.0  # it has no database; what PostgreSQL did meanwhile was not for it
    total = web + postgres
    return Cost(web, postgres, total, total, answered / outcome.seconds, len(outcome.errors))


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        web=statistics.median(cost.web for cost in costs),
        postgres=statistics.median(cost.postgres for cost in costs),
        low=min(cost.low for cost in costs),
        high=max(cost.high for cost in costs),
        per_second=statistics.median(cost.per_second for cost in costs),
        errors=sum(cost.errors for cost in costs),
    )
