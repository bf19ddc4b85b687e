"""`make run` as a newcomer sees it: a checkout of its own, every process, real calls."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from nevermisscall.dev.embedded import EmbeddedServices
from nevermisscall.dev.processes import belongs_to, is_running
from nevermisscall.lib.env import BASE_DIR
from tests.dev.conftest import eventually

PARTS = ("nevermisscall", "tenants", "calls", "sms", "conversations", "templates", "ops")
FILES = ("manage.py", "Procfile", ".env.example")
OURS = ("NEVERMISSCALL_ENV_FILES", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PUBLIC_BASE_URL", "PORT")


def surroundings(**more: str) -> dict[str, str]:
    """Return this test's environment without what it says about servers, Twilio and Django."""
    kept = {key: value for key, value in os.environ.items() if key not in OURS and not key.startswith("TWILIO_")}
    return {**kept, **more}


@pytest.fixture
def checkout(tmp_path):
    for part in PARTS:
        shutil.copytree(BASE_DIR / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(BASE_DIR / file, tmp_path)
    yield tmp_path
    EmbeddedServices(tmp_path / "var" / "services").remove()


class RunningStack:
    """`python -m nevermisscall.dev.run`, its lines so far, and what it started."""

    def __init__(self, checkout: Path, **env: str) -> None:
        self.checkout = checkout
        self.shown: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nevermisscall.dev.run"],
            cwd=checkout,
            env=surroundings(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, pattern: str) -> re.Match[str]:
        for line in self.process.stdout:
            self.shown.append(line.rstrip())
            if found := re.search(pattern, line.rstrip()):
                return found
        raise AssertionError(f"{pattern!r} was never shown:\n" + "\n".join(self.shown))

    def processes(self) -> list[int]:
        """Return what runs in the checkout or its data, the runner left out."""
        # PostgreSQL's data may live elsewhere, where an unprivileged account can reach it.
        pointer = self.checkout / "var" / "services" / "postgres-is-elsewhere"
        places = [self.checkout, *([Path(pointer.read_text())] if pointer.exists() else [])]
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        ours = [pid for pid in pids if is_running(pid) and any(belongs_to(pid, place) for place in places)]
        return [pid for pid in ours if pid not in {self.process.pid, os.getpid()}]

    def pid_of(self, *words: str) -> int:
        """Return the one process with these words on its command line."""
        [pid] = [pid for pid in self.processes() if set(words) <= set(_command(pid))]
        return pid

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.shown += rest.splitlines()
        return self.process.returncode


def _command(pid: int) -> list[str]:
    return [part.rpartition("/")[2] for part in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]


@pytest.fixture
def start(checkout):
    stacks = []

    def start_stack(**env: str) -> RunningStack:
        stacks.append(RunningStack(checkout, **env))
        return stacks[-1]

    yield start_stack
    for stack in stacks:
        stack.process.kill()
        stack.process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_stack_from_start_to_stop(start, checkout):
    stack = start()
    web = stack.read_until(r"  web +(http://127\.0\.0\.1:\d+)$")[1]
    stack.read_until(r"^ready$")
    found = "\n".join(stack.shown)

    # What the newcomer is told works.
    assert re.search(r"admin +http\S+/admin/ +\(admin, \S{10,}\)", found)
    assert "+15550001000" in found
    with urllib.request.urlopen(f"{web}/health/ready") as answer:
        assert answer.status == 200
    assert (checkout / "var" / "run" / "stack.env").stat().st_mode & 0o777 == 0o600
    demo = "import sys; from nevermisscall.dev import demo; demo.SPEED = 40; sys.exit(demo.main())"
    told = subprocess.run(
        [sys.executable, "-c", demo], cwd=checkout, env=surroundings(), capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr

    # A second one in the same checkout is refused and disturbs nothing.
    second = start()
    assert second.end(signal.SIGCONT) == 1
    assert "already running" in second.shown[-2] + second.shown[-1]

    # A killed worker comes back.
    os.kill(stack.pid_of("celery", "worker"), signal.SIGKILL)
    stack.read_until("was ended by SIGKILL")
    stack.read_until("celery@.* ready")

    # Ctrl-C ends all of it.
    assert stack.end(signal.SIGINT) == 0
    assert stack.shown[-1] == "Stopped."
    order = [line.split()[0] for line in stack.shown if line.endswith("| stopping")]
    assert order == ["web", "worker", "beat", "emulator"]
    assert stack.processes() == []
    assert not (checkout / "var" / "run" / "stack.env").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_killed_stack_leaves_nothing_behind(start):
    stack = start()
    stack.read_until(r"emulator \| emulator ready")  # in the middle of the start
    assert len(stack.processes()) > 3

    stack.end(signal.SIGKILL)

    assert eventually(lambda: stack.processes() == [])


def test_production_is_refused(start):
    stack = start(DJANGO_ENV="production")

    assert stack.end(signal.SIGCONT) == 1
    assert "development parts" in stack.shown[-1]


def test_a_taken_port_is_refused(start):
    stack = start(PORT="70000")

    assert stack.end(signal.SIGCONT) == 1
    assert "a number from 1 to 65535" in stack.shown[-1]


def test_a_database_that_cannot_be_prepared_is_reported(start):
    stack = start(DATABASE_URL="postgresql://nobody@127.0.0.1:9/none", REDIS_URL="redis://127.0.0.1:9/0")

    assert stack.end(signal.SIGCONT) == 1
    assert "The database could not be prepared" in "\n".join(stack.shown)
