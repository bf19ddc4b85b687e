"""`python -m bench.memory [--minutes 60] [--calls 100] [--samples FILE]`: does anything grow under steady load?

Every process of the Procfile runs as in production. So many calls are kept going at once, of about a minute each: two
thirds are answered and talked through, a third is missed and texted, and those customers write back. Every ten seconds
a line of JSON goes to FILE, every minute one to the terminal; at the end comes the slope of the second half.
"""

import argparse
import json
import random
import signal
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import meter
from bench.stack import HOME, NUMBERS, Stack
from nevermisscall.twilio.emulator.control import EmulatorError, answers, no_answer

EVERY_SECONDS = 10
OURS, OTHERS = ("web", "worker", "beat"), ("postgres", "redis")
LIMIT_MIB = 1024
CUSTOMERS = 5_000  # who call again and again: not every call is a new person
GOING = "SELECT count(*) FROM calls_call WHERE ended_at IS NULL"
HANDLED = """
    SELECT (SELECT count(*) FROM calls_call), (SELECT count(*) FROM sms_message), count(*) FROM webhooks_webhookreceipt
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--calls", type=int, default=100, help="at once")
    parser.add_argument("--samples", type=Path, default=HOME.parent / "memory.jsonl", metavar="FILE")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with Stack(whole=True) as stack, Load(stack, options.calls), options.samples.open("w") as file:
        for sample in samples(stack, options.minutes * 60):
            file.write(json.dumps(sample) + "\n")
            file.flush()
    found = [json.loads(line) for line in options.samples.read_text().splitlines()]
    print(report(found), flush=True)
    return int(max(map(total, found)) > LIMIT_MIB)


class Load:
    """Keeps so many calls going, from a thread of its own, while the block lasts."""

    def __init__(self, stack: Stack, calls: int) -> None:
        self._stack = stack
        self._calls = calls
        self._stop = threading.Event()
        self._chance = random.Random(1)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        writes: list[tuple[float, str, str]] = []  # when, who, to whom
        with self._stack.database() as database:
            while not self._stop.wait(0.5):
                [going] = database.execute(GOING).fetchone() or (0,)
                try:
                    # A few at a time, or all would ring and end together for ever.
                    for _ in range(min(2, self._calls - going)):
                        writes += self._call()
                    for write in [one for one in writes if one[0] < time.monotonic()]:
                        writes.remove(write)
                        self._stack.emulator.send_text(from_=write[1], to=write[2], body="my kitchen sink is blocked")
                except (EmulatorError, OSError) as error:
                    print(f"the emulator: {error}", file=sys.stderr, flush=True)

    def _call(self) -> list[tuple[float, str, str]]:
        """Place one; return what its caller will write."""
        customer = f"+1212{2_000_000 + self._chance.randrange(CUSTOMERS)}"
        number = self._chance.choice(NUMBERS)
        missed = self._chance.random() < 1 / 3
        owner = (
            no_answer() if missed else answers(after=self._chance.uniform(4, 16), talk=self._chance.uniform(50, 110))
        )
        self._stack.emulator.place_call(from_=customer, to=number, owner=owner)
        now = time.monotonic()
        return [(now + 60, customer, number), (now + 90, customer, number)] if missed else []


def samples(stack: Stack, seconds: float) -> Iterator[dict[str, Any]]:
    """Look at every process, every ten seconds for so long."""
    started = time.monotonic()
    with stack.database() as database:
        while (now := time.monotonic() - started) < seconds:
            each = {
                name: [{"pid": pid, **held} for pid, held in meter.memory_of_each(stack.pids[name]).items()]
                for name in (*OURS, *OTHERS)
            }
            [going] = database.execute(GOING).fetchone() or (0,)
            calls, texts, webhooks = database.execute(HANDLED).fetchone() or (0, 0, 0)
            sample = {"at": round(now), "going": going, "calls": calls, "texts": texts, "webhooks": webhooks, **each}
            if len(each["web"]) > 1 and round(now / EVERY_SECONDS) % 6 == 0:
                print(line(sample), flush=True)
            yield sample
            time.sleep(max(0.0, started + now + EVERY_SECONDS - time.monotonic()))


def mib(sample: dict[str, Any], name: str) -> float:
    """Return what all processes of one name hold; what they share counts once."""
    return sum(each["Pss"] for each in sample[name])


def total(sample: dict[str, Any]) -> float:
    return sum(mib(sample, name) for name in OURS)


def slope(found: list[dict[str, Any]], name: str) -> float:
    """Return MiB an hour over the second half, by least squares."""
    half = [sample for sample in found if sample["at"] >= found[-1]["at"] / 2]
    held = [total(sample) if name == "all" else mib(sample, name) for sample in half]
    return statistics.linear_regression([sample["at"] / 3600 for sample in half], held).slope


def line(sample: dict[str, Any]) -> str:
    held = ", ".join(f"{name} {mib(sample, name):.0f}" for name in (*OURS, *OTHERS))
    done = (
        f"{sample['going']} calls now, {sample['calls']} calls, {sample['texts']} texts, {sample['webhooks']} webhooks"
    )
    return f"{sample['at'] / 60:5.1f} min  ours {total(sample):.0f} MiB ({held}); {done}"


def report(found: list[dict[str, Any]]) -> str:
    rows = ["| process | at the start | at the end | peak | MiB an hour, second half |", "|---|---:|---:|---:|---:|"]
    for name in (*OURS, "all", *OTHERS):
        held = [total(sample) if name == "all" else mib(sample, name) for sample in found]
        rows.append(f"| {name} | {held[0]:.0f} | {held[-1]:.0f} | {max(held):.0f} | {slope(found, name):+.1f} |")
    return "\n".join([line(found[-1]), "", *rows])


if __name__ == "__main__":
    sys.exit(main())
