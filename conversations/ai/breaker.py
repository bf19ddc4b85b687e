"""A circuit breaker: who failed several times in a row is left alone for a while, then tried once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

FAILURES = 3  # in a row
PAUSE_SECONDS = 30.0


class State(StrEnum):
    CLOSED = "closed"  # it is asked
    OPEN = "open"  # it is not asked
    HALF_OPEN = "half_open"  # one request is out to see whether it works again


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A breaker at one moment, for /health and the log."""

    state: State
    successes: int
    failures: int
    last_error: str  # of the newest failure; stays after a success


class Breaker:
    """closed ──3 failures in a row──▶ open ──30 s──▶ half open ──success──▶ closed
                                        ▲                 └──failure──┐
                                        └─────────────────────────────┘

    Threads share one; processes each have their own, and learn within three failures what the others know.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed_failures = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._in_a_row = 0
        self._changed_at = clock()
        self._successes = 0
        self._failures = 0
        self._last_error = ""

    def allows(self) -> bool:
        """Tell whether to ask now. Who asks says how it went: `succeeded` or `failed`.

        Half open, one is allowed; if it never says how it went, another one is after the same pause.
        """
        with self._lock:
            if self._state == State.CLOSED:
                return True
            if self._clock() - self._changed_at < self._pause_seconds:
                return False
            self._move(State.HALF_OPEN)
            return True

    def succeeded(self) -> None:
        """It answered."""
        with self._lock:
            self._successes += 1
            self._in_a_row = 0
            self._move(State.CLOSED)

    def failed(self, error: str) -> None:
        """It did not answer, or not so that it can be used."""
        with self._lock:
            self._failures += 1
            self._in_a_row += 1
            self._last_error = error
            if self._state == State.HALF_OPEN or self._in_a_row >= self._allowed_failures:
                self._move(State.OPEN)

    def snapshot(self) -> Snapshot:
        """Return what it looks like now."""
        with self._lock:
            return Snapshot(self._state, self._successes, self._failures, self._last_error)

    def _move(self, state: State) -> None:
        self._state = state
        self._changed_at = self._clock()
