"""Two web servers on one socket, two workers and a beat, as in docs/operations.md, Upgrading."""

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.journeys import ledger
from tests.journeys.stack import Stack, wait_until
from tests.journeys.traffic import BUSINESS, OWNER

READY = {"web": ("Booting worker", 2), "worker": (" ready.", 1), "beat": ("beat: Starting", 0)}  # a line, how often
START_SECONDS = 90  # on a machine that does other things


class Pair:
    """A product of which each process can be replaced while another serves on."""

    def __init__(self, home: Path) -> None:
        self.stack = Stack(home)
        self.listener = socket.create_server(("127.0.0.1", self.stack.port), backlog=2048)

    def start(self, name: str, **how: Any) -> None:
        """Start one, such as "web 2", and wait until it serves."""
        kind = name.split()[0]
        log = self.stack.home / f"{kind}.log"
        line, times = READY[kind]
        wanted = times + (log.read_text().count(line) if log.exists() else 0)
        listener = self.listener if kind == "web" else None
        self.stack.start_process(kind, as_name=name, listener=listener, **how)
        wait_until(lambda: log.exists() and log.read_text().count(line) >= wanted, seconds=START_SECONDS)

    def end(self, name: str) -> float:
        """Ask it to end; return how long that took, in seconds."""
        asked = time.monotonic()
        assert self.stack.kill(name, signal.SIGTERM) == 0
        return time.monotonic() - asked


@contextlib.contextmanager
def pair(home: Path, **second: Any) -> Iterator[Pair]:
    """Run one. `second` is how the second of each kind is started."""
    running = Pair(home)
    stack = running.stack
    try:
        stack.start(processes=())
        for name, how in {"web": {}, "web 2": second, "worker": {}, "worker 2": second, "beat": {}}.items():
            running.start(name, **how)
        stack.business(BUSINESS, OWNER)
        stack.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
        ledger.warm_up(stack)
        yield running
    finally:
        stack.stop()
        running.listener.close()
