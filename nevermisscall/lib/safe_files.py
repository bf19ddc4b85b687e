"""Files that are on disk when a function returns, and that nobody but us may read."""

import os
from contextlib import suppress
from pathlib import Path


def make_directory(directory: Path) -> None:
    """Create it if it is not there."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def create(path: Path, data: bytes) -> Path:
    """Write a new file. Raises `FileExistsError`, or another `OSError`; then nothing of it is left.

    A full disk takes a name but no bytes: without that, each try would leave one more file.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_all(handle, data)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(handle)
    sync_directory(path.parent)
    return path


def replace(path: Path, data: bytes) -> None:
    """Replace a file as a whole: whoever reads it meanwhile gets the old one or the new one."""
    create(path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}"), data).replace(path)
    sync_directory(path.parent)


def write_all(handle: int, data: bytes) -> None:
    """Write all of `data` to an open file."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    os.fsync(handle)


def sync_directory(directory: Path) -> None:
    """Make the names of new files last."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
