"""The directory of the journal: its files, who may read them, how full it may get."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings

from nevermisscall.lib import safe_files
from nevermisscall.lib.clock import now
from nevermisscall.webhooks.journal.records import Damaged, Record, decode

SUFFIX = ".journal"
POISON = "poison"


class JournalError(Exception):
    """The journal cannot be written; the message says why, and what to do."""


@dataclass(slots=True)
class Segment:
    """What one file holds."""

    path: Path
    records: list[Record] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)
    is_sealed: bool = False  # nobody writes to it any more


def home() -> Path:
    """Return the directory of the journal."""
    return Path(settings.JOURNAL_DIR)


def waiting() -> list[Path]:
    """Return the files with webhooks to be recorded, oldest first."""
    return _files(home())


def poison() -> list[Path]:
    """Return the files of what was set aside, oldest first."""
    return _files(home() / POISON)


def make_directories() -> None:
    """Create what is not there yet, for nobody's eyes but ours."""
    for directory in (home(), home() / POISON):
        safe_files.make_directory(directory)


def make_ready() -> None:
    """Create the directories and try to write. Raises `JournalError`."""
    try:
        make_directories()
        for directory in (home(), home() / POISON):
            directory.chmod(0o700)
            safe_files.create(directory / f"{new_name()}.trial", b"trial").unlink()
    except OSError as error:
        raise JournalError(cannot_write(error)) from error


def cannot_write(error: OSError) -> str:
    """Return what to tell the operator."""
    return (
        f"JOURNAL_DIR: {home()} cannot be written ({error.strerror or error}). Webhooks that come while PostgreSQL is "
        "away are kept there: name a directory on a local disk that belongs to the user of the web processes."
    )


def new_name() -> str:
    """Return the start of a file's name: names sort by time, and no two processes make the same one."""
    return f"{moment(now())}-{os.getpid()}-{os.urandom(4).hex()}"


def moment(at: datetime) -> str:
    """Return a time as names of files begin with it, in nanoseconds: what sorts before a name was before that file."""
    return f"{round(at.timestamp() * 1e6) * 1000:020d}"


def usage() -> tuple[int, int]:
    """Return how many bytes and files there are, of what was set aside too."""
    sizes = []
    for path in waiting() + poison():
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sum(sizes), len(sizes)


def read(path: Path) -> Segment:
    """Return what is in a file, which its process may still be writing to; nothing if it is gone meanwhile."""
    segment = Segment(path)
    try:
        with path.open("rb") as file:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                segment.is_sealed = True
            data = file.read()
    except FileNotFoundError:
        return segment
    for found in decode(data):
        if isinstance(found, Record):
            segment.records.append(found)
        elif segment.is_sealed:  # what is being written now may look damaged
            segment.damaged.append(found)
    return segment


@contextmanager
def held() -> Iterator[bool]:
    """Yield whether nobody else replays this directory now, and nobody will until the block ends."""
    make_directories()
    handle = os.open(home() / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return []
