"""How long a webhook waits for its answer at a steady rate, the whole product running."""

import random
from dataclasses import dataclass

from bench import load
from bench.stack import Stack

PER_SECOND = 50
SECONDS = 20
FLOOR_SECONDS = 8
CONNECTIONS = 32
RINGING_SECONDS = 2.0  # between a call and the result of its forwarding


@dataclass(frozen=True)
class Latency:
    """What became of the webhooks and, before them, of requests for an empty view; cores busy with the webhooks.

    The floor's latency is what the machine alone makes us wait. Every dial result is a missed call, so that texts leave
    at half the rate of the webhooks, on the same cores.
    """

    floor: load.Outcome
    webhooks: load.Outcome
    cores: dict[str, float]


def measure(stack: Stack) -> Latency:
    """Send both at the same rate, at random moments."""
    jitter = random.Random(1)
    requests = [stack.twilio.call(caller) for caller in stack.twilio.callers(PER_SECOND * FLOOR_SECONDS)]
    floor = [(jitter.uniform(0, FLOOR_SECONDS), request) for request in requests]
    idle = load.at_rate(stack.ports["floor"], floor, connections=CONNECTIONS)
    meter = stack.meter("web", "worker", "emulator", "postgres")
    webhooks = load.at_rate(stack.ports["web"], _webhooks(stack, jitter), connections=CONNECTIONS)
    cores = {name: used / 1000 / webhooks.seconds for name, used in meter.used().items()}
    return Latency(idle, webhooks, cores)


def _webhooks(stack: Stack, jitter: random.Random) -> list[tuple[float, bytes]]:
    """Calls and, each a little later, their dial results, half and half."""
    schedule = []
    for caller in stack.twilio.callers(PER_SECOND * SECONDS // 2):
        arrives = jitter.uniform(0, SECONDS)
        schedule += [(arrives, stack.twilio.call(caller)), (arrives + RINGING_SECONDS, stack.twilio.dial(caller))]
    return schedule
