"""How long a webhook waits for its answer at a steady rate, the whole product running."""

import random

from bench import load
from bench.stack import Stack

PER_SECOND = 50
SECONDS = 20
CONNECTIONS = 32
RINGING_SECONDS = 2.0  # between a call and the result of its forwarding


def measure(stack: Stack) -> load.Outcome:
    """Send calls and, each a little later, their dial results, half and half, at a fixed rate."""
    callers = stack.twilio.callers(PER_SECOND * SECONDS // 2)
    jitter = random.Random(1)  # real calls do not come in step
    schedule = []
    for index, caller in enumerate(callers):
        arrives = index * 2 / PER_SECOND + jitter.uniform(0, 2 / PER_SECOND)
        schedule += [(arrives, stack.twilio.call(caller)), (arrives + RINGING_SECONDS, stack.twilio.dial(caller))]
    return load.at_rate(stack.ports["web"], schedule, connections=CONNECTIONS)
