"""The journal in figures, for the admin and for metrics."""

from contextlib import suppress
from dataclasses import dataclass

from nevermisscall.lib.clock import now
from nevermisscall.lib.database import breaker
from nevermisscall.webhooks.journal import files


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is on this machine's disk now."""

    waiting_files: int
    waiting_bytes: int
    oldest_seconds: float  # since the oldest file that waits was begun; 0 if none does
    set_aside: int
    database_is_away: bool  # as this process sees it


def figures() -> Figures:
    """Look at the directory. Cheap: names and sizes only."""
    paths = files.waiting()
    sizes = []
    for path in paths:
        with suppress(FileNotFoundError):  # it may be recorded at this moment
            sizes.append(path.stat().st_size)
    oldest = now().timestamp() - int(paths[0].name.split("-")[0]) / 1e9 if paths else 0.0
    return Figures(len(paths), sum(sizes), round(oldest, 1), len(files.poison()), breaker.is_open)
