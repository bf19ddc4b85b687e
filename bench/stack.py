"""What is measured: real PostgreSQL and Redis of our own, gunicorn, the worker and the emulator, on free ports.

Everything is started from the main thread and ended by pid, in whatever way the bench ends (see `start_leashed`).
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType

import psycopg
import redis
from celery import Celery

from bench import meter
from bench.webhooks import CALL_PATH, TEXT_PATH, Twilio
from nevermisscall.dev.embedded import EmbeddedServices
from nevermisscall.dev.processes import DevelopmentError, free_port, is_running, start_leashed, stop
from nevermisscall.dev.supervisor import venv_environment
from nevermisscall.dev.web import ask
from nevermisscall.lib.env import BASE_DIR
from nevermisscall.twilio.emulator.control import EmulatorControl

HOME = BASE_DIR / "var" / "bench"
NUMBERS = [f"+1555000{index:04d}" for index in range(50)]
READY_SECONDS = 30
ROWS = (
    "calls_call, calls_callevent, webhooks_webhookreceipt, outbox_fact, outbox_delivery, sms_message, "
    "conversations_conversation, conversations_entry, tenants_contact"
)


class Stack:
    """One product on one machine. In the `with` block web server and floor run; the worker is started later.

    `whole`: every process of the Procfile runs as in production instead, and no floor.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self.whole = whole
        self.services = EmbeddedServices(HOME)  # durable: fsync and synchronous_commit are on
        self.pids: dict[str, int] = {}
        self.ports = {name: free_port() for name in ("web", "floor", "emulator")}
        self.twilio = Twilio(f"http://127.0.0.1:{self.ports['web']}", "AC" + "b" * 32, "bench-token", NUMBERS)
        self.emulator = EmulatorControl(f"http://127.0.0.1:{self.ports['emulator']}")
        self._cleanup = ExitStack()
        self._env: dict[str, str] = {}

    def __enter__(self) -> "Stack":
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def start_worker(self) -> None:
        """Start the emulator, which takes our texts, and the worker, which sends them, unless they run already."""
        if "worker" in self.pids:
            return
        account = ["--account-sid", self.twilio.account_sid, "--auth-token", self.twilio.token]
        port = ["--port", str(self.ports["emulator"])]
        self._launch("emulator", [sys.executable, "-m", "nevermisscall.twilio.emulator", *port, *account])
        self._launch("worker", procfile_command("worker"))
        self._wait_for("emulator", lambda: _answers(f"{self.emulator_url}/emulator/health"))
        calls, texts = (f"{self.twilio.base_url}{path}" for path in (CALL_PATH, TEXT_PATH))
        for number in NUMBERS:
            self.emulator.add_number(number, voice_url=calls, status_callback=calls, sms_url=texts)
        with Celery(broker=self._env["REDIS_URL"], set_as_current=False) as celery:
            self._wait_for("worker", lambda: bool(celery.control.ping(timeout=0.3)))

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['emulator']}"

    def database(self) -> psycopg.Connection:
        """Return a connection of the bench's own, in autocommit mode."""
        return psycopg.connect(self._env["DATABASE_URL"], autocommit=True)

    def empty(self) -> None:
        """Forget every call, text and pending work; the businesses stay."""
        with self.database() as database:
            database.execute(f"TRUNCATE {ROWS} CASCADE")
        with redis.Redis.from_url(self._env["REDIS_URL"]) as client:
            client.flushall()

    def meter(self, *names: str) -> meter.Meter:
        """Return a meter of these processes (`web`, `floor`, `worker`, `emulator`, `postgres`)."""
        return meter.Meter({name: self.pids[name] for name in names})

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Give the web servers a core of their own; everything else, the load generator included, takes the others.

        Threads that pass Python's lock from core to core use up to a third more CPU, in some minutes and not in others.
        """
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        if len(cores) < 2:
            yield
            return
        shares = dict.fromkeys(self.pids, cores[1:]) | {"web": cores[:1], "floor": cores[:1]}
        try:
            for name, share in shares.items():
                meter.pin(self.pids[name], share)
            os.sched_setaffinity(0, cores[1:])
            yield
        finally:
            os.sched_setaffinity(0, cores)
            for pid in self.pids.values():
                meter.pin(pid, cores)

    @property
    def postgres_log(self) -> Path:
        assert self.services.postgres is not None
        return self.services.postgres.log

    def _start(self) -> None:
        EmbeddedServices(HOME).remove()  # what a killed run left; refuses while another bench uses it
        self._cleanup.callback(self.services.remove)
        self._env = {
            **venv_environment(),
            **self.services.start(),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "PORT": str(self.ports["web"]),
            "PUBLIC_BASE_URL": self.twilio.base_url,
            "TWILIO_ACCOUNT_SID": self.twilio.account_sid,
            "TWILIO_AUTH_TOKEN": self.twilio.token,
            "TWILIO_API_BASE_URL": self.emulator_url,
            "JOURNAL_DIR": str(HOME / "journal"),
        }
        assert self.services.postgres is not None
        assert self.services.postgres.process is not None
        self.pids["postgres"] = self.services.postgres.process.pid
        assert self.services.redis is not None
        assert self.services.redis.process is not None
        self.pids["redis"] = self.services.redis.process.pid
        self._run(["manage.py", "migrate", "--noinput", "-v0"])
        self._run(["-m", "bench.seed", *NUMBERS])
        if self.whole:
            self._launch("web", procfile_command("web"))
            self.start_worker()
            self._launch("beat", procfile_command("beat"))
        else:
            web = "gunicorn {} -c ops/gunicorn.conf.py --workers 1 --threads 8 --bind 127.0.0.1:{}"
            self._launch("web", shlex.split(web.format("nevermisscall.wsgi", self.ports["web"])))
            self._launch("floor", shlex.split(web.format("bench.floor", self.ports["floor"])))
        for name in self.pids.keys() & {"web", "floor"}:
            self._wait_for(name, partial(_answers, f"http://127.0.0.1:{self.ports[name]}/health/live"))

    def _run(self, arguments: list[str]) -> None:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=BASE_DIR, env=self._env, capture_output=True, text=True, timeout=90
        )
        if done.returncode:
            raise DevelopmentError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}".rstrip())

    def _launch(self, name: str, command: list[str]) -> None:
        # SIGQUIT makes gunicorn's master end its workers.
        death = signal.SIGQUIT if name in {"web", "floor"} else signal.SIGKILL
        with (HOME / f"{name}.log").open("wb") as output:
            process = start_leashed(command, death_signal=death, cwd=BASE_DIR, env=self._env, output=output)
        self._cleanup.callback(stop, process, [(signal.SIGTERM, 5)])
        self.pids[name] = process.pid

    def _wait_for(self, name: str, works: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not works():
            if time.monotonic() > deadline or not is_running(self.pids[name]):
                log = (HOME / f"{name}.log").read_text(errors="replace")
                raise DevelopmentError(f"{name} did not come up:\n{log[-2000:]}")
            time.sleep(0.05)


def procfile_command(name: str) -> list[str]:
    """Return a process of the Procfile as it is started in production."""
    lines = [line.partition(":") for line in (BASE_DIR / "Procfile").read_text().splitlines()]
    return next(shlex.split(command) for found, _, command in lines if found == name)


def _answers(url: str) -> bool:
    try:
        ask(url, timeout=2)
    except OSError:
        return False
    return True
