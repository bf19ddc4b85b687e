"""What a long run says while it runs."""

from collections.abc import Callable
from time import monotonic

EVERY_SECONDS = 5.0

Say = Callable[[str], None]


class Progress:
    """Says how far it is, every five seconds at most."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said_at = self._began = monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return monotonic() - self._began

    def at(self, place: str) -> None:
        """Say where it is, if it is time."""
        if monotonic() - self._said_at >= EVERY_SECONDS:
            self._said_at = monotonic()
            self._say(f"… {place}")


def size(count: float) -> str:
    """Return so many bytes as people write them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
