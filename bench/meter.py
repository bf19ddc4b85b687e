"""CPU and memory of whole process trees, from /proc. Linux only: elsewhere every figure is NaN."""

import math
import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def cpu_seconds(root: int) -> float:
    """Return what a process, its descendants and those of them that have ended have used, user and system."""
    if not (PROC / "self/stat").exists():
        return math.nan
    # utime, stime, cutime, cstime
    ticks = sum(sum(map(int, fields[11:15])) for fields in _tree(root).values())
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mib(root: int) -> float:
    """Return what a process tree holds in memory; pages shared between processes count once (PSS)."""
    if not (PROC / "self/smaps_rollup").exists():
        return math.nan
    return sum(held["Pss"] for held in memory_of_each(root).values())


def memory_of_each(root: int) -> dict[int, dict[str, float]]:
    """Return `Rss` and `Pss` in MiB of a process and each of its descendants, by pid, oldest first."""
    found = {}
    for pid in sorted(_tree(root)):
        with suppress(OSError):  # it may end meanwhile
            lines = [line.split() for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]]
            found[pid] = {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines if line[0] in {"Rss:", "Pss:"}}
    return found


def pin(root: int, cores: Iterable[int]) -> None:
    """Keep every thread of a process tree, and what those start later, on these cores."""
    for pid in _tree(root):
        for thread in (PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                os.sched_setaffinity(int(thread.name), cores)


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


def _tree(root: int) -> dict[int, list[str]]:
    """Return the stat fields of a process and its descendants."""
    found = dict(_processes())
    children: dict[int, list[int]] = defaultdict(list)
    for pid, fields in found.items():
        children[int(fields[1])].append(pid)
    tree, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        if pid in found:
            tree[pid] = found[pid]
        waiting += children[pid]
    return tree


def _processes() -> Iterable[tuple[int, list[str]]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue  # it has just ended
            yield int(entry.name), text.rpartition(")")[2].split()
