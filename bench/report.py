"""Figures as markdown."""

import math
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from bench import cost, latency, meter, texts, timers
from bench.cost import Cost
from bench.latency import Latency
from bench.statements import Statements
from bench.texts import Texts
from bench.timers import Timers

NAMES = {
    "floor": "empty Django view",
    "call": "call arrives",
    "progress": "owner's leg rings",
    "dial": "dial result, missed",
}


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the values do not exceed; NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def head(postgres_version: str, load_before: float) -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"# bench, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n\n"
        f"{meter.cpu_model() or platform.machine()}, {cores} cores shared with the load generator; "
        f"Python {platform.python_version()}, PostgreSQL {postgres_version} with fsync and synchronous commit on; "
        f"load average before the start {load_before:.1f}.\n"
    )


def costs(found: dict[str, Cost], statements: dict[str, Statements]) -> str:
    """CPU of each webhook, and as a multiple of the floor."""
    rounds = f"medians of {cost.ROUNDS} x {cost.PER_ROUND}"
    lines = [
        f"## What a webhook costs: web server on one core, {cost.CONNECTIONS} connections, {rounds}\n",
        "| webhook | web CPU ms | PostgreSQL CPU ms | total [low-high] | x floor | SQL commands | errors |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for kind, each in found.items():
        commands = str(statements[kind].number) if kind in statements else "-"
        total = f"{each.total:.2f} [{each.low:.2f}-{each.high:.2f}]"
        lines.append(
            f"| {NAMES[kind]} | {each.web:.2f} | {each.postgres:.2f} | {total} "
            f"| {each.total / found['floor'].total:.1f} | {commands} | {each.errors} |"
        )
    return "\n".join(lines) + "\n"


def latencies(found: Latency) -> str:
    lines = [
        f"## Latency at {latency.PER_SECOND}/s, calls and dial results, {latency.SECONDS} s, worker running\n",
        "| | answered | p50 ms | p95 ms | p99 ms | max ms | errors |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, each in {NAMES["floor"]: found.floor, "webhooks": found.webhooks}.items():
        lines.append(f"| {name} | {len(each.latencies)} | {_percentiles(each.latencies)} | {len(each.errors)} |")
    cores = ", ".join(f"{name} {share:.2f}" for name, share in found.cores.items())
    return "\n".join(lines) + f"\n\nCores busy during the webhooks: {cores}.\n"


def text_backs(found: Texts) -> str:
    lines = [
        f"## Dial result to text accepted by the emulator, {texts.CALLS} calls at {texts.PER_SECOND}/s\n",
        "| texts | p50 ms | p95 ms | p99 ms | max ms | missing | doubled |",
        "|---:|---:|---:|---:|---:|---:|---:|",
        f"| {len(found.latencies)} | {_percentiles(found.latencies)} | {found.missing} | {found.doubled} |",
    ]
    cpu = ", ".join(f"{name} {used:.0f} ms" for name, used in found.cpu.items())
    return "\n".join(lines) + f"\n\nCPU of one missed call, all its webhooks and its text: {cpu}.\n"


def timer_lateness(found: Timers) -> str:
    lines = [
        f"## Timers: {timers.DUE} due at {timers.PER_SECOND}/s, {timers.OUTSTANDING} more outstanding, one worker\n",
        "| late: p50 ms | p95 ms | p99 ms | max ms | lost | doubled | worker CPU ms each | PostgreSQL CPU ms each |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
        f"| {_percentiles(found.lateness)} | {found.lost} | {found.doubled} "
        f"| {found.worker:.2f} | {found.postgres:.2f} |",
        f"\n{timers.BURST} due at the same moment: {found.burst_per_second:.0f} a second.",
    ]
    return "\n".join(lines) + "\n"


def memory(found: dict[str, float]) -> str:
    return "Memory (PSS) after that: " + ", ".join(f"{name} {mib:.0f} MiB" for name, mib in found.items()) + ".\n"


def _percentiles(values: Sequence[float]) -> str:
    return " | ".join(f"{percentile(values, percent):.1f}" for percent in (50, 95, 99, 100))
