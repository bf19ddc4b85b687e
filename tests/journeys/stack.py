"""The running product on free ports: gunicorn, Celery worker, Redis, PostgreSQL and the Twilio emulator."""

import contextlib
import itertools
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg
import requests

from nevermisscall.dev.embedded import EmbeddedServices
from nevermisscall.dev.postgres_server import PostgresServer
from nevermisscall.dev.processes import start_leashed
from nevermisscall.lib.env import BASE_DIR
from nevermisscall.twilio import signature
from nevermisscall.twilio.emulator.control import EmulatorControl
from nevermisscall.twilio.emulator.emulator import Emulator
from nevermisscall.twilio.emulator.server import EmulatorServer
from nevermisscall.twilio.emulator.voice_params import passport
from nevermisscall.twilio.emulator.world import Account

ACCOUNT, TOKEN = "AC" + "e" * 32, "journey-token"
SPEED = 10  # virtual seconds a second
COMMANDS = dict(line.split(": ", 1) for line in (BASE_DIR / "Procfile").read_text().splitlines())

# What systemd does for a service with a socket unit: https://www.freedesktop.org/software/systemd/man/sd_listen_fds.html
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execvp(sys.argv[2], sys.argv[2:])
"""


_databases = itertools.count()


class Stack:
    """Start it, kill parts of it, ask its database. A PostgreSQL of its own can be stopped and frozen too."""

    def __init__(self, home: Path, *, own_postgres: bool = False) -> None:
        self.home = home
        self.redis = EmbeddedServices(home / "services", durable=False, postgres=False)
        self.emulator = EmulatorServer(Emulator(Account(ACCOUNT, TOKEN), speed=SPEED))
        self.phone = EmulatorControl(self.emulator.url)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.postgres = PostgresServer(home, durable=False) if own_postgres else None
        self.database_url = "" if own_postgres else _new_database()
        self.env: dict[str, str] = {}
        self.tokens = itertools.cycle([TOKEN])  # that sign webhooks, in turn

    def start(self, *, processes: Sequence[str] = ("web", "worker")) -> None:
        self.emulator.start()
        if self.postgres:
            self.home.chmod(0o711)  # PostgreSQL may run under another account than ours
            self.database_url = self.postgres.start()
        self.env = {
            **os.environ,
            **self.redis.start(),
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": self.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE_URL": self.emulator.url,
            "MEDIA_ROOT": str(self.home / "media"),
            "JOURNAL_DIR": str(self.home / "journal"),
            "PYTHONWARNINGS": "default",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        self.manage("migrate", "--noinput", "-v0")
        for name in processes:
            self.start_process(name)
        if "web" in processes:
            wait_until(lambda: _answers(f"{self.url}/health/ready"), seconds=60)

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name, signal.SIGTERM)
        self.emulator.stop()
        self.redis.remove()
        if self.postgres:
            self.freeze_postgres(signal.SIGCONT)
            self.postgres.remove()

    def start_process(
        self,
        name: str,
        *,
        arguments: Sequence[str] = (),
        as_name: str = "",
        failpoints: str = "",
        skew: Path | None = None,
        listener: socket.socket | None = None,
        code: Path = BASE_DIR,
        **env: str,
    ) -> None:
        """Start a process of the Procfile; `as_name` tells a second one of its kind from the first.

        `arguments` follow those of the Procfile, `failpoints` are places in its code where it dies, raises or waits
        (`tests.faults.failpoints`), `skew` says how wrong its clock is (`tests.faults.skewed`), `env` are variables
        that only this process gets. Web processes may share a `listener`. `code` is where another release is.
        """
        command = [*shlex.split(COMMANDS[name]), *arguments]
        if failpoints:
            command = [sys.executable, "-m", "tests.faults.failpoints", *command]
            env["FAILPOINTS"] = failpoints
        if skew:
            command = [sys.executable, "-m", "tests.faults.skewed", str(skew), *command]
        if listener:
            command = [sys.executable, "-c", ACTIVATE, str(listener.fileno()), *command]
        with (self.home / f"{name}.log").open("ab") as output:
            death = signal.SIGQUIT if name == "web" else signal.SIGKILL
            self.processes[as_name or name] = start_leashed(
                command,
                death_signal=death,
                cwd=code,
                env=self.env | env,
                output=output,
                pass_fds=[listener.fileno()] if listener else [],
            )

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """End one process and everything it started; return its exit code."""
        process = self.processes.pop(name)
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        return process.wait(30)

    def children(self, name: str) -> list[int]:
        """Return the process ids of what it started itself, such as the web server's workers."""
        return _children(self.processes[name].pid)

    def freeze_postgres(self, number: signal.Signals = signal.SIGSTOP) -> None:
        """Let the server and all its backends stand still; with SIGCONT, go on."""
        assert self.postgres is not None
        assert self.postgres.process is not None
        server = self.postgres.process.pid
        for pid in (server, *_children(server)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=BASE_DIR, env=self.env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def business(self, number: str, owner: str, *extra: str) -> None:
        """Create a business and point its number at us."""
        self.manage("create_tenant", "--name", "Acme", "--number", number, "--forward-to", owner, *extra)
        hook = f"{self.url}/webhooks/twilio/call"
        self.phone.add_number(number, voice_url=hook, status_callback=hook, sms_url=f"{self.url}/webhooks/twilio/sms")

    def is_live(self) -> bool:
        """Whether the web server answers at all."""
        return _answers(f"{self.url}/health/live")

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database behind the product's back."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()

    def query(self, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Ask it with named values."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()

    def post_signed(
        self,
        path: str,
        fields: dict[str, str],
        *,
        token: str = "",
        session: requests.Session | None = None,
        **other_headers: str,
    ) -> requests.Response:
        """Post what Twilio posts: on a new connection, or on one that `session` keeps."""
        if "CallSid" in fields:
            fields = {"StirPassportToken": passport(datetime.now(UTC), "signed"), **fields}
        signed = signature.compute(self.url + path, list(fields.items()), token or next(self.tokens))
        headers = {"X-Twilio-Signature": signed, "Content-Type": "application/x-www-form-urlencoded", **other_headers}
        with contextlib.nullcontext(session) if session else requests.Session() as used:
            used.trust_env = False
            return used.post(self.url + path, data=urlencode(fields), headers=headers, timeout=15)

    def texts_to(self, number: str) -> list[dict[str, Any]]:
        """What Twilio accepted for this person."""
        return self.phone.messages(to=number)


def wait_until(condition: Any, *, seconds: float = 30.0) -> Any:
    """Wait for `condition` and return what it returned. Patient: other suites may run on the same machine."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return found


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _answers(url: str) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _new_database() -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"journey_{os.getpid()}_{next(_databases)}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(parts._replace(path=f"/{name}"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
