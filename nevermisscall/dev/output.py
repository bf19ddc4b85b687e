"""What the terminal shows: progress at the start, then every process's lines behind its coloured name."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

COLOURS = {"web": 32, "worker": 34, "beat": 36, "emulator": 35, "run": 33}
WIDTH = 9


class Output:
    """Whole lines from several threads. A terminal that has gone away stops nothing: its lines are dropped."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._coloured = self._stream.isatty() and "NO_COLOR" not in os.environ

    def plain(self, text: str = "") -> None:
        with self._lock:
            try:
                self._stream.write(f"{text}\n")
                self._stream.flush()
            except (OSError, ValueError):
                pass

    def line(self, name: str, text: str) -> None:
        """Show one line of the process `name`."""
        head = f"{name:{WIDTH}}|"
        if self._coloured:
            head = f"\033[{COLOURS.get(name, 37)}m{head}\033[0m"
        self.plain(f"{head} {text}")

    def follow(self, name: str, stream: IO[bytes]) -> None:
        """Show the stream's lines until it ends. For a thread of its own."""
        with stream:
            for raw in stream:
                self.line(name, raw.decode(errors="replace").rstrip())

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show how long the block took, in seconds, once it is done."""
        started = time.monotonic()
        yield
        self.plain(f"  {what} {'.' * max(3, 50 - len(what))} {time.monotonic() - started:4.1f} s")
