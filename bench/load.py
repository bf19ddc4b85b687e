"""The load generator: keep-alive connections, one thread each, requests made beforehand.

`at_once` keeps every connection busy (closed loop): for CPU per request. `at_rate` sends each request at its own time,
whether or not earlier ones were answered (open loop), and counts from that time: for latency.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

TIMEOUT_SECONDS = 10.0


class Connection:
    """One keep-alive HTTP connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._answers: BinaryIO | None = None

    def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body of its answer. Raises OSError or ValueError."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT_SECONDS)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._answers = self._socket.makefile("rb")
            self._socket.sendall(request)
            assert self._answers is not None
            return _read_answer(self._answers)
        except (OSError, ValueError):
            self.close()
            raise

    def close(self) -> None:
        if self._answers is not None:
            self._answers.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._answers = None


def _read_answer(answers: BinaryIO) -> tuple[int, bytes]:
    status = int(answers.readline().split(maxsplit=2)[1:2][0])
    length, chunked = 0, False
    while (line := answers.readline().strip().lower()) != b"":
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
        chunked |= name == b"transfer-encoding" and b"chunked" in value
    return status, b"".join(_chunks(answers)) if chunked else answers.read(length)


def _chunks(answers: BinaryIO) -> Iterable[bytes]:
    while size := int(answers.readline(), 16):
        yield answers.read(size)
        answers.readline()
    answers.readline()


@dataclass
class Outcome:
    """What came of some requests: one latency in milliseconds for each that was answered as expected."""

    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0


def at_once(port: int, requests: Iterable[bytes], *, connections: int, deadline_seconds: float) -> Outcome:
    """Send all requests over `connections` that are never idle. Past the deadline the rest is left unsent."""
    waiting = deque(requests)
    started = time.perf_counter()

    def work(connection: Connection, outcome: Outcome) -> None:
        while waiting and time.perf_counter() - started < deadline_seconds:
            try:
                request = waiting.popleft()
            except IndexError:
                return
            _send(connection, request, time.perf_counter(), outcome)

    return _in_threads(port, connections, work)


def at_rate(port: int, schedule: Iterable[tuple[float, bytes]], *, connections: int) -> Outcome:
    """Send each request at its time, in seconds from now. Time spent waiting for a free connection counts."""
    waiting = deque(sorted(schedule, key=lambda entry: entry[0]))
    started = time.perf_counter()

    def work(connection: Connection, outcome: Outcome) -> None:
        while True:
            try:
                after, request = waiting.popleft()
            except IndexError:
                return
            due = started + after
            time.sleep(max(0.0, due - time.perf_counter()))
            _send(connection, request, due, outcome)

    return _in_threads(port, connections, work)


def _send(connection: Connection, request: bytes, due: float, outcome: Outcome) -> None:
    try:
        status, body = connection.exchange(request)
    except (OSError, ValueError, IndexError) as error:
        outcome.errors.append(type(error).__name__)
        return
    if status not in {200, 204}:
        outcome.errors.append(f"{status} {body[:80]!r}")
    else:
        outcome.latencies.append((time.perf_counter() - due) * 1000)


def _in_threads(port: int, connections: int, work: Callable[[Connection, Outcome], None]) -> Outcome:
    started = time.perf_counter()
    parts = [Outcome() for _ in range(connections)]
    lines = [Connection(port) for _ in range(connections)]
    threads = [
        threading.Thread(target=work, args=(line, part), daemon=True) for line, part in zip(lines, parts, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for line in lines:
        line.close()
    return Outcome(
        latencies=[latency for part in parts for latency in part.latencies],
        errors=[error for part in parts for error in part.errors],
        seconds=time.perf_counter() - started,
    )
