"""How many rows of a queue one process works on at once, where the work waits for a service outside.

Without it a service that hangs would hold every thread, and with them the work that has nothing to do with it.
"""

import threading
from time import monotonic

STEP_SECONDS = 1.0  # answers that come together count once


class Places:
    """So many at most; halved when the service says that it is too much, and then one more a second."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._now = most
        self._taken = 0
        self._changed_at = 0.0
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """How many there are at the moment."""
        return self._now

    def take(self, wanted: int) -> int:
        """Take up to `wanted` places; returns how many there were."""
        with self._lock:
            got = max(0, min(wanted, self._now - self._taken))
            self._taken += got
            return got

    def give_back(self, count: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._taken -= count

    def halve(self) -> None:
        """The service is asked too much."""
        self._change_to(max(1, self._now // 2))

    def grow(self) -> None:
        """The service takes what it is asked."""
        if self._now < self.most:
            self._change_to(self._now + 1)

    def _change_to(self, count: int) -> None:
        with self._lock:
            if monotonic() - self._changed_at >= STEP_SECONDS:
                self._now, self._changed_at = count, monotonic()
