"""Real PostgreSQL and Redis for development and tests, without installing either.

    with EmbeddedServices(Path("var/services")) as urls:
        urls["DATABASE_URL"], urls["REDIS_URL"]

Each copy has its own directory, its own ports and its own passwords, so any number can run side by side.
"""

import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO

from nevermisscall.dev.postgres_server import PostgresServer
from nevermisscall.dev.processes import DevelopmentError
from nevermisscall.dev.redis_server import RedisServer


class EmbeddedServices:
    """The servers that live in one directory. Start and stop them from the main thread (`start_leashed` says why).

    `durable=False` is for tests: faster, and a power cut may cost the data.
    """

    def __init__(self, home: Path, *, durable: bool = True, postgres: bool = True, redis: bool = True) -> None:
        self.home = home.absolute()
        self.postgres = PostgresServer(self.home, durable=durable) if postgres else None
        self.redis = RedisServer(self.home) if redis else None
        self._lock: IO[bytes] | None = None

    def start(self) -> dict[str, str]:
        """Start what is wanted and return its environment variables.

        Left-overs of a crashed run in the same directory are ended first. Raises DevelopmentError: in production, when
        another process uses the directory, when a server is not installed or does not start.
        """
        refuse_production()
        self._take_lock()
        try:
            urls = {}
            if self.redis:
                urls["REDIS_URL"] = self.redis.start()
            if self.postgres:
                urls["DATABASE_URL"] = self.postgres.start()
        except BaseException:
            self.stop()
            raise
        return urls

    def revive(self) -> list[str]:
        """Start again, at the same address, whichever server has died; return their names."""
        servers = {"redis": self.redis, "postgres": self.postgres}
        dead = {name: server for name, server in servers.items() if server and server.has_died()}
        for server in dead.values():
            server.start()
        return list(dead)

    def stop(self) -> None:
        """End both, Redis first, within half a minute at worst. Safe to call twice."""
        if self.redis:
            self.redis.stop()
        if self.postgres:
            self.postgres.stop()
        if self._lock:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Stop and delete everything that was stored. Raises DevelopmentError when another copy uses it."""
        if self._lock is None:
            self._take_lock()
        if self.postgres:
            self.postgres.remove()
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> dict[str, str]:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self._lock = (self.home / "lock").open("ab")
        except PermissionError:
            raise DevelopmentError(f"{self.home} belongs to another user: remove it, or run as that user.") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            self._lock = None
            raise DevelopmentError(f"{self.home} is in use by another running copy: stop that one first.") from None


def refuse_production() -> None:
    """Raise DevelopmentError with `DJANGO_ENV=production`."""
    if os.environ.get("DJANGO_ENV") == "production":
        raise DevelopmentError(
            "The embedded PostgreSQL and Redis are development parts: with DJANGO_ENV=production set DATABASE_URL and "
            "REDIS_URL to real servers."
        )
