"""The report of a fault run: each row's promise, its tests, what they counted, and whether it held.

`--fault-report FILE` writes it as Markdown and prints it. A test adds figures with the fixture `figure`; `events`,
`lost` and `doubled` are summed over all.
"""

import os
import platform
import subprocess
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.catalogue import ROWS

SUMMED = ("events", "lost", "doubled")


def pytest_addoption(parser):
    parser.addoption("--fault-report", metavar="FILE", help="write what held of every fault row to this file")


def pytest_configure(config):
    config.addinivalue_line("markers", "fault(row, …): proves this row of tests/faults/catalogue.py")
    path = config.getoption("--fault-report")
    if path:
        config.pluginmanager.register(Report(Path(path), config), "fault-report")


def pytest_collection_modifyitems(items):
    for item in items:
        rows = rows_of(item)
        unknown = set(rows) - set(ROWS)
        if unknown:
            raise pytest.UsageError(f"{item.nodeid}: no such fault row: {', '.join(sorted(unknown))}")
        item.user_properties.append(("fault", rows))


def rows_of(item) -> list[str]:
    """Return the rows that a test is about."""
    return [row for marker in item.iter_markers("fault") for row in marker.args]


@pytest.fixture
def figure(request):
    """Add counts to the report: `figure(events=2000, lost=0, doubled=0, p99_ms=40)`."""

    def add(**counts: int | float | str) -> None:
        request.node.user_properties.append(("figures", counts))

    return add


@dataclass
class Seen:
    """How one test went."""

    name: str
    outcome: str
    seconds: float
    reason: str = ""
    figures: dict[str, int | float | str] = field(default_factory=dict)


class Report:
    """Listens to the run and writes the file as it grows."""

    def __init__(self, path: Path, config: pytest.Config) -> None:
        self._path = path
        self._config = config
        self._seen: dict[str, list[Seen]] = defaultdict(list)
        self._planned: Counter[str] = Counter()
        self._began = time.time()
        self._load = os.getloadavg()[0]

    def pytest_collection_finish(self, session):
        self._planned.update(row for item in session.items for row in set(rows_of(item)))

    def pytest_runtest_logreport(self, report):
        failed_around = report.when != "call" and report.failed
        if report.when != "call" and not failed_around and not report.skipped:
            return
        properties = list(report.user_properties)
        figures = {key: value for name, counts in properties if name == "figures" for key, value in counts.items()}
        reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
        name = report.nodeid.removeprefix("tests/")
        for row in next((rows for name, rows in properties if name == "fault"), []):
            self._seen[row].append(Seen(name, report.outcome, report.duration, reason, figures))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self.text())  # after each: a run of an hour may be stopped

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section("faults")
        terminalreporter.write_line(self.text())
        terminalreporter.write_line(f"written to {self._path}")

    def text(self) -> str:
        """Return the report."""
        each = {seen.name: seen for tests in self._seen.values() for seen in tests}.values()
        sums = {name: sum(int(seen.figures.get(name, 0)) for seen in each) for name in SUMMED}
        held = sum(self._verdict(row).startswith("held") for row in ROWS)
        head = [
            "# Faults, and what held",
            "",
            f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime(self._began))} UTC, "
            f"{(time.time() - self._began) / 60:.0f} min. {_machine()}, load {self._load:.1f} before and "
            f"{os.getloadavg()[0]:.1f} after. Commit {_commit()}.",
            "",
            f"**{held} of {len(ROWS)} rows held. {sums['events']:,} events: {sums['lost']} lost, "
            f"{sums['doubled']} doubled.**",
            "",
            "| | fault | promise | held? | tests |",
            "|---|---|---|---|---|",
        ]
        table = [
            f"| {row} | {about.fault} | {about.promise} | {self._verdict(row)} | {len(self._seen[row])} |"
            for row, about in ROWS.items()
        ]
        return "\n".join([*head, *table, "", *self._details()])

    def _verdict(self, row: str) -> str:
        outcomes = {seen.outcome for seen in self._seen[row]}
        waiting = f"waits for {', '.join(ROWS[row].waits_for)}" if ROWS[row].waits_for else ""
        if "failed" in outcomes:
            return "**BROKEN**"
        if "passed" not in outcomes:
            return waiting or "**not run**"
        left = self._planned[row] - len({seen.name for seen in self._seen[row]})
        if left > 0:
            return f"**not run to the end**, {left} left"
        found = "held, some skipped" if "skipped" in outcomes else "held"
        return f"{found}; {waiting}" if waiting else found

    def _details(self) -> list[str]:
        lines = []
        for row, about in ROWS.items():
            if self._seen[row]:
                lines += [f"## {row}: {about.fault}", "", "| test | | seconds | figures |", "|---|---|---:|---|"]
                lines += [line for group in _grouped(self._seen[row]) for line in _lines(group)] + [""]
        return lines


def _grouped(tests: list[Seen]) -> list[list[Seen]]:
    """Return the variants of each test function together."""
    groups: dict[str, list[Seen]] = defaultdict(list)
    for seen in tests:
        groups[seen.name.partition("[")[0]].append(seen)
    return list(groups.values())


def _lines(group: list[Seen]) -> list[str]:
    """Return a line for each that failed, was skipped or counted something, and one for the others together."""
    silent = [seen for seen in group if seen.outcome == "passed" and not seen.figures]
    lines = [_line(seen) for seen in group if seen not in silent]
    if len(silent) > 1:
        name = silent[0].name.partition("[")[0]
        lines.append(f"| `{name}` | {len(silent)} passed | {sum(seen.seconds for seen in silent):.1f} | |")
    else:
        lines += [_line(seen) for seen in silent]
    return lines


def _line(seen: Seen) -> str:
    figures = ", ".join(
        f"{name.replace('_', ' ')} {value if isinstance(value, str) else f'{value:,}'}"
        for name, value in seen.figures.items()
    )
    return f"| `{seen.name}` | {seen.outcome} | {seen.seconds:.1f} | {figures or seen.reason} |"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {system}, Python {platform.python_version()}"


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
