"""How long the customer waits: from the dial result that says nobody answered to the text that Twilio accepted."""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bench.load import Connection
from bench.stack import Stack
from bench.webhooks import Caller

CALLS = 60
PER_SECOND = 5
PATIENCE_SECONDS = 15
REPORTS_SECONDS = 1.0  # the emulator says that the last text was delivered


@dataclass(frozen=True)
class Texts:
    """One latency in milliseconds for each text that arrived; both clocks are this machine's."""

    latencies: list[float]
    missing: int
    doubled: int
    cpu: dict[str, float]  # ms for each missed call, from its first webhook to the reports about its text


def measure(stack: Stack) -> Texts:
    """Let customers call, nobody answer, and watch the emulator's ledger."""
    callers = stack.twilio.callers(CALLS)
    meter = stack.meter("web", "worker", "postgres")
    reported: dict[str, float] = {}
    threads = []
    for caller in callers:
        threads.append(threading.Thread(target=_miss, args=(stack, caller, reported), daemon=True))
        threads[-1].start()
        time.sleep(1 / PER_SECOND)
    for thread in threads:
        thread.join()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(accepted := _accepted(stack, reported)) < CALLS and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(REPORTS_SECONDS)
    cpu = {name: used / CALLS for name, used in meter.used().items()}
    times = Counter(number for number, _ in accepted)
    first = dict(reversed(accepted))
    return Texts(
        latencies=[(first[number] - reported[number]) * 1000 for number in first],
        missing=CALLS - len(first),
        doubled=sum(count - 1 for count in times.values()),
        cpu=cpu,
    )


def _miss(stack: Stack, caller: Caller, reported: dict[str, float]) -> None:
    connection = Connection(stack.ports["web"])
    connection.exchange(stack.twilio.call(caller))
    time.sleep(0.5)
    request = stack.twilio.dial(caller)
    reported[caller.from_number] = time.time()
    connection.exchange(request)
    connection.close()


def _accepted(stack: Stack, reported: dict[str, float]) -> list[tuple[str, float]]:
    entries = [entry for entry in stack.emulator.ledger() if entry["kind"] == "message" and entry["to"] in reported]
    return [(entry["to"], datetime.fromisoformat(entry["at"]).timestamp()) for entry in entries]
