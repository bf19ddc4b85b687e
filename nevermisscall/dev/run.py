"""`make run`: the whole product on this machine, until Ctrl-C.

    python -m nevermisscall.dev.run [--stop-with-parent]

Exits 0 after Ctrl-C or SIGTERM, 1 with one sentence when something cannot start or keeps dying.
"""

import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from celery import Celery

from nevermisscall.dev import stack
from nevermisscall.dev.embedded import EmbeddedServices, refuse_production
from nevermisscall.dev.leash import PR_SET_PDEATHSIG
from nevermisscall.dev.output import Output
from nevermisscall.dev.processes import DevelopmentError
from nevermisscall.dev.supervisor import Child, GaveUp, Supervisor, venv_environment
from nevermisscall.dev.web import ask
from nevermisscall.lib.env import BASE_DIR

READY_SECONDS = 60
TICK = 0.2  # seconds between two looks at the processes
STOP_ORDER = ("web", "worker", "beat", "emulator")


class Interrupted(Exception):
    """Somebody asked the stack to stop before it was ready."""


class Runner:
    """One stack, from nothing to `ready` and back to nothing. For the main thread."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.stopping = False  # no threading.Event: a signal handler that sets one while we wait can deadlock
        self.services: EmbeddedServices | None = None

    def run(self) -> int:
        """Start everything, keep it running until `stopping` is set, stop everything; return the exit code."""
        with ExitStack() as cleanup:
            try:
                refuse_production()
                cleanup.enter_context(stack.hold_stack())
                self._run(cleanup)
            except Interrupted:
                pass
            except (DevelopmentError, GaveUp) as error:
                self.output.plain(f"\n{error}")
                return 1
        self.output.plain("Stopped.")
        return 0

    def _run(self, cleanup: ExitStack) -> None:
        """Register each part's end before its start: whatever happens in between, nothing stays behind."""
        self.output.plain("NeverMissCall is starting.")
        ports = stack.choose_ports()
        for remark in ports.moved:
            self.output.plain(f"  {remark}")
        values = {**self._start_services(cleanup), **stack.addresses(ports)}
        env = venv_environment() | values
        with self.output.step("Database, demo business, admin login"):
            demo = self._prepare(env)
        cleanup.callback(stack.STACK_FILE.unlink, missing_ok=True)
        stack.write_stack(values)
        supervisor = Supervisor(cwd=BASE_DIR, env=env, output=self.output)
        cleanup.callback(supervisor.stop, STOP_ORDER)
        with self.output.step("Web, worker, beat" + (", Twilio emulator" if "EMULATOR_URL" in values else "")):
            self._start_processes(supervisor, env)
        self._announce(env, demo)
        while not self.stopping:
            self._tend(supervisor)
            time.sleep(TICK)

    def _start_services(self, cleanup: ExitStack) -> dict[str, str]:
        """Start the servers that no variable names and return their addresses."""
        wanted = {name: not stack.is_set(variable) for name, variable in stack.SERVICE_VARIABLES.items()}
        if not any(wanted.values()):
            return {}
        self.services = services = EmbeddedServices(stack.SERVICES, **wanted)
        cleanup.callback(services.stop)
        with self.output.step(" and ".join(stack.SERVICE_LABELS[name] for name in wanted if wanted[name])):
            values = services.start()
        self._check_for_stop()
        if wanted["postgres"] and not stack.is_set("DJANGO_SECRET_KEY"):
            values["DJANGO_SECRET_KEY"] = stack.stack_secret()
        return values

    def _prepare(self, env: dict[str, str]) -> dict[str, Any]:
        command = [sys.executable, "-m", "nevermisscall.dev.prepare", str(stack.DEMO_FILE)]
        done = subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True)
        self._check_for_stop()
        if done.returncode:
            raise DevelopmentError(f"The database could not be prepared:\n{done.stdout}{done.stderr}".rstrip())
        found: dict[str, Any] = json.loads(stack.DEMO_FILE.read_text())
        return found

    def _start_processes(self, supervisor: Supervisor, env: dict[str, str]) -> None:
        """Start the emulator and the Procfile's processes and wait until each one works."""
        if "EMULATOR_URL" in env:
            command = [sys.executable, "-m", "nevermisscall.twilio.emulator", *stack.emulator_options(env)]
            restarted = lambda: self._wait_for(supervisor, "the emulator", lambda: register_number(env))  # noqa: E731
            supervisor.start(Child("emulator", command, patience=3, on_restart=restarted))
        for name, command in procfile():
            # SIGQUIT makes gunicorn's master end its workers; after a SIGKILL they live on for a second.
            death_signal = signal.SIGQUIT if name == "web" else signal.SIGKILL
            supervisor.start(Child(name, command, death_signal=death_signal))
        if "EMULATOR_URL" in env:
            self._wait_for(supervisor, "the emulator", lambda: register_number(env))
        self._wait_for(supervisor, "the web server", lambda: is_live(f"http://127.0.0.1:{env['PORT']}/health/live"))
        with Celery(broker=env["REDIS_URL"], set_as_current=False) as celery:
            self._wait_for(supervisor, "the worker", lambda: bool(celery.control.ping(timeout=0.3)))

    def _wait_for(self, supervisor: Supervisor, what: str, works: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not works():
            self._tend(supervisor)
            self._check_for_stop()
            if time.monotonic() > deadline:
                raise DevelopmentError(f"Gave up: {what} did not come up within {READY_SECONDS} s.")
            time.sleep(0.05)

    def _tend(self, supervisor: Supervisor) -> None:
        if self.services:
            for name in self.services.revive():
                self.output.line("run", f"{stack.SERVICE_LABELS[name]} had died and runs again")
        supervisor.tend()

    def _check_for_stop(self) -> None:
        if self.stopping:
            raise Interrupted

    def _announce(self, env: dict[str, str], demo: dict[str, Any]) -> None:
        password = demo["admin_password"] or "the password you gave it"
        lines = {
            "web": env["PUBLIC_BASE_URL"],
            "admin": f"{env['PUBLIC_BASE_URL']}/admin/  (admin, {password})",
            "phone page": f"{env['EMULATOR_URL']}/" if "EMULATOR_URL" in env else "none: Twilio is real here",
            "business": f"{stack.DEMO_BUSINESS}, {stack.DEMO_NUMBER}, forwards to {stack.DEMO_OWNER}",
            "API key": demo["api_key"],
        }
        self.output.plain()
        for label, text in lines.items():
            self.output.plain(f"  {label:11} {text}")
        self.output.plain("\n  `make demo` in another terminal plays a missed call. Ctrl-C stops everything.")
        self.output.plain("ready")


def procfile() -> list[tuple[str, list[str]]]:
    """Return the long-running processes of the Procfile and their commands."""
    lines = [line.partition(":") for line in (BASE_DIR / "Procfile").read_text().splitlines()]
    return [(name, shlex.split(command)) for name, _, command in lines if command and name != "release"]


def is_live(url: str) -> bool:
    try:
        ask(url, timeout=2)
    except OSError:
        return False
    return True


def register_number(env: dict[str, str]) -> bool:
    """Give the demo number to the emulator; False while that does not answer yet."""
    webhooks = f"{env['PUBLIC_BASE_URL']}/webhooks/twilio"
    number = {
        "phone_number": stack.DEMO_NUMBER,
        "voice_url": f"{webhooks}/call",
        "status_callback": f"{webhooks}/call",
        "sms_url": f"{webhooks}/sms",
    }
    try:
        ask(f"{env['EMULATOR_URL']}/emulator/numbers", number, timeout=2)
    except urllib.error.HTTPError as error:
        raise DevelopmentError(f"The emulator refused the demo number: {error.read().decode()}") from error
    except OSError:
        return False
    return True


def main(arguments: list[str]) -> int:
    if "--stop-with-parent" in arguments and sys.platform == "linux":
        # make(1) itself may be SIGKILLed; we then stop as for a SIGTERM.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    runner = Runner(Output())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: setattr(runner, "stopping", True))
    stack.read_dotenv()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nevermisscall.settings")
    return runner.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
