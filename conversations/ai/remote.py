"""HTTP to dispatchers elsewhere, with a deadline for the whole exchange.

An HTTP client's timeout is for each read: a server that sends a byte a second is never late. Here every wait, from
looking up the name to the last byte, gets what is left of one budget, and an answer larger than the budget is cut off.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import httpcore2
import httpx2

from conversations.ai.protocol import DispatcherError, Fault

ANSWER_LIMIT = 256 * 1024  # bytes, headers included

_WAIT_FOR_A_PLACE = 1.0  # seconds, in the pool; of all timeouts of the client it is the only one left in force
_WRITE_AT_ONCE = 16 * 1024  # bytes

T = TypeVar("T")
_budget: ContextVar["Budget | None"] = ContextVar("remote_budget", default=None)


class Budget:
    """What is left of one exchange: seconds and bytes."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._bytes_left = ANSWER_LIMIT
        self.is_overdrawn = False

    @property
    def seconds_left(self) -> float:
        """Less than 0 once the deadline has passed."""
        return self._ends_at - time.monotonic()

    def patience(self) -> float:
        """Return how many seconds the next wait may take; raises `httpcore2.ReadTimeout` when none are left."""
        if (left := self.seconds_left) <= 0:
            raise httpcore2.ReadTimeout("the deadline has passed")
        return left

    def spend(self, received: int) -> None:
        """Count what was received; raises `httpcore2.ReadError` when it is too much."""
        self._bytes_left -= received
        if self._bytes_left < 0:
            self.is_overdrawn = True
            raise httpcore2.ReadError("the answer is too large")


@contextmanager
def within(seconds: float) -> Iterator[Budget]:
    """Let everything that this thread sends and receives in the block take `seconds` at most."""
    budget = Budget(seconds)
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)


def open_client() -> httpx2.Client:
    """Return a client for many threads, each inside `within`. It heeds no redirects and no proxy settings."""
    return httpx2.Client(transport=_Transport(), trust_env=False, follow_redirects=False, timeout=_WAIT_FOR_A_PLACE)


def second_try(ask: Callable[[], T], budget: Budget, seconds: float) -> T:
    """Ask again, once, when the other side could not be reached or is busy and more than half of `seconds` is left."""
    try:
        return ask()
    except DispatcherError as error:
        if error.fault not in (Fault.UNREACHABLE, Fault.UNAVAILABLE) or budget.is_overdrawn:
            raise
        if budget.seconds_left < seconds / 2:
            raise
    return ask()


def failure(error: Exception, budget: Budget) -> DispatcherError:
    """Say what `error`, of the HTTP client or of an SDK on top of it, means for us.

    Its own words are left out: they may quote the request.
    """
    if budget.is_overdrawn:
        return DispatcherError(f"the answer is larger than {ANSWER_LIMIT} bytes")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int) and not 200 <= status < 300:
        busy = status >= 500 or status in (408, 409, 429)
        return DispatcherError(f"it answered {status}", fault=Fault.UNAVAILABLE if busy else Fault.REFUSED)
    causes = list(_causes(error))
    if any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
        return DispatcherError("no answer within the deadline", fault=Fault.TIMEOUT)
    if any(isinstance(cause, httpx2.TransportError) for cause in causes):
        return DispatcherError(f"no connection ({type(causes[-1]).__name__})", fault=Fault.UNREACHABLE)
    return DispatcherError(f"the answer could not be read ({type(error).__name__})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


class _Transport(httpx2.HTTPTransport):
    """httpx's own transport on sockets that know the budget."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        # The transport takes no network backend, the pool below it does; there is no public way from one to the other.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=50,
            max_keepalive_connections=10,
            keepalive_expiry=30,
            network_backend=_Backend(),
        )


class _Backend(httpcore2.NetworkBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect in a thread of its own: neither a slow name server nor a list of dead addresses heeds a timeout."""
        seconds = _current().patience()
        outcome: queue.SimpleQueue[httpcore2.NetworkStream | Exception] = queue.SimpleQueue()
        is_too_late = threading.Event()

        def connect() -> None:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(host, port, seconds, local_address, socket_options)
            except Exception as error:  # it is raised where somebody waits for it
                outcome.put(error)
                return
            if is_too_late.is_set():
                stream.close()
            outcome.put(stream)

        threading.Thread(target=connect, name="dispatcher-connect", daemon=True).start()
        try:
            connected = outcome.get(timeout=seconds)
        except queue.Empty:
            is_too_late.set()
            raise httpcore2.ConnectTimeout("the deadline has passed") from None
        if isinstance(connected, Exception):
            raise connected
        return _Stream(connected)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        budget = _current()
        received = self._stream.read(max_bytes, budget.patience())
        budget.spend(len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_AT_ONCE):
            self._stream.write(buffer[start : start + _WRITE_AT_ONCE], _current().patience())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _current().patience()))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _current() -> Budget:
    budget = _budget.get()
    assert budget is not None, "requests are made inside `within`"
    return budget
