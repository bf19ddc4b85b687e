"""CPU seconds of whole process trees, from /proc. Linux only: elsewhere every figure is NaN."""

import math
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def cpu_seconds(root: int) -> float:
    """Return what a process, its descendants and those of them that have ended have used, user and system."""
    if not (PROC / "self/stat").exists():
        return math.nan
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for pid, fields in _processes():
        ticks[pid] = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
        children[int(fields[1])].append(pid)
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += ticks.get(pid, 0)
        waiting += children[pid]
    return total / os.sysconf("SC_CLK_TCK")


def load_average() -> float:
    """Return how many processes wanted a core during the last minute: the noise of the machine."""
    return os.getloadavg()[0]


def cpu_model() -> str:
    """Return what the processor calls itself; empty where the system does not say."""
    try:
        lines = (PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


class Meter:
    """Milliseconds of CPU that named process trees used since the meter was made."""

    def __init__(self, roots: dict[str, int]) -> None:
        self._roots = roots
        self._started = {name: cpu_seconds(pid) for name, pid in roots.items()}

    def used(self) -> dict[str, float]:
        return {name: (cpu_seconds(pid) - self._started[name]) * 1000 for name, pid in self._roots.items()}


def _processes() -> Iterable[tuple[int, list[str]]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue  # it has just ended
            yield int(entry.name), text.rpartition(")")[2].split()
