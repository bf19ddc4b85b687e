"""The files that customers texted, as one stream in tar's format."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from nevermisscall.backup.errors import BackupError
from nevermisscall.lib.sealed_streams import SealedWriter


def pack(root: Path, into: SealedWriter) -> Iterator[int]:
    """Write every file below `root` into the stream; yield how many there are so far. Raises `OSError`.

    Files are written once and never changed. One that is deleted meanwhile is left out.
    """
    count = 0
    with tarfile.open(fileobj=cast("IO[bytes]", into), mode="w|") as tar:
        for path in sorted(root.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            with file:
                entry = tarfile.TarInfo(path.relative_to(root).as_posix())
                found = path.stat()
                entry.size, entry.mtime, entry.mode = found.st_size, int(found.st_mtime), 0o600
                tar.addfile(entry, file)
            count += 1
            yield count


def names(pieces: Iterator[bytes]) -> set[str]:
    """Return the names of the files in a stream, having read all of it."""
    with tarfile.open(fileobj=cast("IO[bytes]", _Stream(pieces)), mode="r|") as tar:
        found = {entry.name for entry in tar}
    _read_to_the_end(pieces)
    return found


def unpack(pieces: Iterator[bytes], root: Path) -> int:
    """Write every file of a stream below `root`. Returns how many. Raises `OSError` and what `pieces` raises."""
    count = 0
    with tarfile.open(fileobj=cast("IO[bytes]", _Stream(pieces)), mode="r|") as tar:
        for entry in tar:
            if not entry.isfile():
                raise BackupError(f"The files hold {entry.name}, which is no file. Use another backup.")
            tar.extract(entry, root, filter="data")
            count += 1
    _read_to_the_end(pieces)
    return count


def _read_to_the_end(pieces: Iterator[bytes]) -> None:
    """Read what tar leaves: only at the end it is certain that nothing is missing."""
    for _ in pieces:
        pass


class _Stream:
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data
