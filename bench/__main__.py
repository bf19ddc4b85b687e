"""`python -m bench [PART …] [--json FILE]`: measure and print one report.

About two minutes, four at most; loopback only. Exits 0 after the report, 1 with a sentence when
something cannot start or takes too long, 130 after Ctrl-C.
"""

import argparse
import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import cost, latency, meter, report, statements, texts, timers
from bench.stack import Stack
from nevermisscall.dev.processes import DevelopmentError

LIMIT_SECONDS = 225


class TooSlow(Exception):
    """The bench would have taken more than its time."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the raw figures there")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    signal.signal(signal.SIGALRM, _too_slow)
    signal.alarm(LIMIT_SECONDS)
    try:
        raw = run(options.parts or list(PARTS))
    except KeyboardInterrupt:
        print("\nStopped; nothing is left running.", file=sys.stderr)
        return 130
    except (DevelopmentError, TooSlow) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(raw, indent=1, default=dataclasses.asdict) + "\n")
    return 0


def run(parts: list[str]) -> dict[str, Any]:
    """Measure, print each part of the report as soon as it is there, and return the raw figures."""
    started, load_before = time.monotonic(), meter.load_average()
    raw: dict[str, Any] = {}
    _say("starting PostgreSQL, Redis and gunicorn")
    with Stack() as stack:
        with stack.database() as database:
            version = str(database.info.parameter_status("server_version"))
        _print(report.head(version, load_before))
        for name in (part for part in PARTS if part in parts):
            _say(name)
            raw |= PARTS[name](stack)
            stack.empty()
        raw["memory_mib"] = {name: meter.memory_mib(pid) for name, pid in stack.pids.items()}
        _print(report.memory(raw["memory_mib"]))
        signal.alarm(0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is ending anyway
    _print(f"Took {time.monotonic() - started:.0f} s; load average at the end {meter.load_average():.1f}.")
    return raw


def _cost(stack: Stack) -> dict[str, Any]:
    found, counted = cost.measure(stack), statements.count(stack)
    _print(report.costs(found, counted))
    return {"cost": found, "statements": counted}


def _latency(stack: Stack) -> dict[str, Any]:
    stack.start_worker()
    found = latency.measure(stack)
    _print(report.latencies(found))
    return {"latency": found}


def _texts(stack: Stack) -> dict[str, Any]:
    stack.start_worker()
    found = texts.measure(stack)
    _print(report.text_backs(found))
    return {"texts": found}


def _timers(stack: Stack) -> dict[str, Any]:
    stack.start_worker()
    found = timers.measure(stack)
    _print(report.timer_lateness(found))
    return {"timers": found}


# The first needs PostgreSQL to itself: the worker starts with the second.
PARTS: dict[str, Callable[[Stack], dict[str, Any]]] = {
    "cost": _cost,
    "latency": _latency,
    "texts": _texts,
    "timers": _timers,
}


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"… {what}", file=sys.stderr)


def _print(text: str) -> None:
    print(text, flush=True)


def _too_slow(*_: object) -> None:
    raise TooSlow(f"The bench did not end within {LIMIT_SECONDS} s and was stopped: the machine is too busy.")


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # load threads may still wait for an answer that will not come
