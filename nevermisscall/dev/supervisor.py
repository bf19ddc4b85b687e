"""Keeps the stack's processes running: starts them, restarts what dies, stops them in order."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nevermisscall.dev.output import Output
from nevermisscall.dev.processes import start_leashed, stop

QUICK = 30.0  # seconds; a process that lived shorter has died quickly
GIVE_UP_AFTER = 5  # quick deaths in a row
BACKOFF = (0.5, 1.0, 2.0, 4.0)  # seconds before the first, second… restart in a row


class GaveUp(Exception):
    """A process died quickly too often; the message names it."""


@dataclass
class Child:
    """One process. `patience`: seconds from SIGTERM to SIGKILL. `on_restart` runs after each start but the first."""

    name: str
    command: list[str]
    patience: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    on_restart: Callable[[], None] | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _started_at: float = field(default=0.0, init=False)
    _quick_deaths: int = field(default=0, init=False)
    _restart_at: float | None = field(default=None, init=False)

    def died(self) -> str | None:
        """Return how it ended when that is news, and plan the restart; None while it runs or waits. Raises GaveUp."""
        if self.process is None or self._restart_at is not None or self.process.poll() is None:
            return None
        code = self.process.returncode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        lived = time.monotonic() - self._started_at
        self._quick_deaths = self._quick_deaths + 1 if lived < QUICK else 1
        if self._quick_deaths >= GIVE_UP_AFTER:
            raise GaveUp(f"{self.name} {how}, the {GIVE_UP_AFTER}th time within {QUICK:.0f} s of its start")
        pause = BACKOFF[self._quick_deaths - 1]
        self._restart_at = time.monotonic() + pause
        return f"{how}; starting again in {pause:g} s"

    def restart_is_due(self) -> bool:
        return self._restart_at is not None and time.monotonic() >= self._restart_at

    def start(self, *, cwd: Path, env: Mapping[str, str], output: Output) -> None:
        self._started_at = time.monotonic()
        self._restart_at = None
        self.process = start_leashed(
            self.command, death_signal=self.death_signal, cwd=cwd, env=env, output=subprocess.PIPE
        )
        if self.process.stdout:
            threading.Thread(target=output.follow, args=(self.name, self.process.stdout), daemon=True).start()


class Supervisor:
    """Runs children from the main thread, in the order they are added; stops them in the order of `stop_order`."""

    def __init__(self, *, cwd: Path, env: Mapping[str, str], output: Output) -> None:
        self._cwd = cwd
        self._env = env
        self._output = output
        self._children: dict[str, Child] = {}

    def start(self, child: Child) -> None:
        self._children[child.name] = child
        child.start(cwd=self._cwd, env=self._env, output=self._output)

    def tend(self) -> None:
        """Report who died and restart whoever is due. Call it a few times a second. Raises GaveUp."""
        for child in self._children.values():
            if news := child.died():
                self._output.line(child.name, news)
            if child.restart_is_due():
                child.start(cwd=self._cwd, env=self._env, output=self._output)
                if child.on_restart:
                    child.on_restart()

    def stop(self, order: tuple[str, ...]) -> None:
        """End every child, one after the other: first those in `order`, then the others."""
        rest = [name for name in self._children if name not in order]
        for name in (*order, *rest):
            child = self._children.pop(name, None)
            if child and child.process:
                self._output.line(name, "stopping")
                stop(child.process, [(signal.SIGTERM, child.patience)])


def venv_environment() -> dict[str, str]:
    """Return our environment with this interpreter's programs first on PATH and unbuffered output."""
    programs = Path(sys.prefix) / "bin"
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        # Celery's half page about root: the same containers in which PostgreSQL gets another account.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
