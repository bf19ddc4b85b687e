"""Processes of the stack: restarted when they die, given up when they keep dying, stopped in order."""

import io
import os
import signal
import sys

import pytest

from nevermisscall.dev import supervisor
from nevermisscall.dev.output import Output
from nevermisscall.dev.processes import is_running
from nevermisscall.dev.supervisor import Child, GaveUp, Supervisor
from tests.dev.conftest import eventually

SLEEP = [sys.executable, "-uc", "import time; print('hello'); time.sleep(60)"]
CRASH = [sys.executable, "-c", "raise SystemExit(3)"]


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def stack(screen, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "BACKOFF", (0.0, 0.0, 0.0, 0.0))
    running = Supervisor(cwd=tmp_path, env=os.environ, output=Output(screen))
    yield running
    running.stop(())


def tended(stack, condition):
    def check():
        stack.tend()
        return condition()

    return eventually(check)


def test_lines_carry_the_name_of_their_process(stack, screen):
    stack.start(Child("web", SLEEP))

    assert eventually(lambda: "web      | hello\n" in screen.getvalue())


def test_a_killed_process_is_reported_and_starts_again(stack, screen):
    again = []
    child = Child("worker", SLEEP, on_restart=lambda: again.append(child.process.pid))
    stack.start(child)
    first = child.process.pid

    os.kill(first, signal.SIGKILL)

    assert tended(stack, lambda: bool(again))
    assert again != [first]
    assert is_running(again[0])
    assert "worker   | was ended by SIGKILL; starting again in 0 s\n" in screen.getvalue()


def test_a_process_that_keeps_dying_is_given_up(stack, screen):
    stack.start(Child("beat", CRASH))

    with pytest.raises(GaveUp, match="beat ended with exit code 3, the 5th time"):
        tended(stack, lambda: False)

    assert screen.getvalue().count("starting again") == 4


def test_a_death_after_a_long_life_starts_the_count_again(stack, monkeypatch):
    monkeypatch.setattr(supervisor, "QUICK", 0.0)
    child = Child("beat", CRASH)
    stack.start(child)
    starts = set()

    assert tended(stack, lambda: starts.add(child.process.pid) or len(starts) > 6)


def test_processes_stop_in_the_order_asked_for(stack, screen):
    children = [Child(name, SLEEP) for name in ("emulator", "web", "worker")]
    for child in children:
        stack.start(child)

    stack.stop(("web", "worker"))

    stopping = [line.split()[0] for line in screen.getvalue().splitlines() if line.endswith("stopping")]
    assert stopping == ["web", "worker", "emulator"]
    assert not any(is_running(child.process.pid) for child in children)


def test_a_terminal_that_has_gone_away_stops_nothing():
    Output(_Gone()).plain("nobody reads this")


class _Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError
