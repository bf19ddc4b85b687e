"""The directory of backups, and what is in one.

BACKUP_DIR/20261120T030000Z-3f2a/      complete: it has this name only then
    manifest                           what is in it, encrypted
    database                           pg_dump's custom format, encrypted
    media                              a tar of MEDIA_ROOT, encrypted
    SHA256SUMS                         for `sha256sum -c` on a copy, which needs no key
BACKUP_DIR/20261120T030000Z-3f2a.partial/      being written, or given up
"""

import errno
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings

from nevermisscall.backup.errors import BackupError, Busy
from nevermisscall.lib import crypto, safe_files, sealed_streams
from nevermisscall.lib.sealed_streams import SealedWriter

PARTIAL = ".partial"
MANIFEST, DATABASE, MEDIA, SUMS = "manifest", "database", "media", "SHA256SUMS"
FORMAT = 1
_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")


@dataclass(frozen=True)
class Part:
    """One encrypted file of a backup."""

    size: int  # bytes of what is inside
    sealed_size: int  # bytes on disk
    checksum: str  # SHA-256 of the file, as `sha256sum` prints it


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `taken_at` is the database's time: what was committed then is in it, nothing later."""

    name: str
    taken_at: datetime
    product: str  # version
    server: str  # version of PostgreSQL
    rows: dict[str, int] = field(default_factory=dict)  # of every table of ours
    migrations: dict[str, list[str]] = field(default_factory=dict)  # applied ones, by app
    media_files: int = 0
    seconds: float = 0.0
    parts: dict[str, Part] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def sealed_size(self) -> int:
        """Bytes on disk."""
        return sum(part.sealed_size for part in self.parts.values())

    def encode(self) -> bytes:
        return crypto.encrypt(json.dumps(asdict(self) | {"taken_at": self.taken_at.isoformat()})).encode()

    @classmethod
    def decode(cls, data: bytes) -> "Manifest":
        values: dict[str, Any] = json.loads(crypto.decrypt(data.decode("ascii")))
        if values["format"] != FORMAT:
            raise BackupError(f"It has format {values['format']}; this version reads format {FORMAT} only.")
        parts = {name: Part(**part) for name, part in values.pop("parts").items()}
        return cls(taken_at=datetime.fromisoformat(values.pop("taken_at")), parts=parts, **values)


def home(directory: str | None = None, *, option: str = "--from") -> Path:
    """Return the directory of backups: the one given, else BACKUP_DIR. Raises `BackupError` if there is neither.

    `option` of the command would have given it.
    """
    chosen = directory or settings.BACKUP_DIR
    if not chosen:
        raise BackupError(f"BACKUP_DIR: nobody said where backups are. Set it, or give {option} DIRECTORY.")
    return Path(chosen)


def complete(directory: Path) -> list[Path]:
    """Return the complete backups in `directory`, oldest first. What somebody named differently is not ours."""
    try:
        return sorted(
            path for path in directory.iterdir() if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file()
        )
    except OSError as error:
        raise cannot_use(directory, error) from error


def find(named: str | None, directory: str | None = None) -> Path:
    """Return a backup by its path, or by its name in the directory of backups; the newest one if none is named."""
    if named and (Path(named) / MANIFEST).is_file():
        return Path(named)
    if named and os.sep in named:
        raise BackupError(
            f"{named}: there is no backup, or not all of it. A complete one is a directory with a file `{MANIFEST}`."
        )
    found = complete(where := home(directory))
    if not found:
        raise BackupError(f"{where} holds no complete backup. Take one: manage.py backup --to {where}")
    if named is None:
        return found[-1]
    for path in found:
        if path.name == named:
            return path
    raise BackupError(
        f"{named} is neither a backup nor the name of one in {where}; the newest there is {found[-1].name}."
    )


def read_manifest(backup: Path) -> Manifest:
    """Return what the backup says that it holds. Raises `BackupError`."""
    try:
        return Manifest.decode((backup / MANIFEST).read_bytes())
    except OSError as error:
        raise cannot_use(backup / MANIFEST, error) from error
    except InvalidToken:
        raise BackupError(
            f"{backup / MANIFEST}: it does not open. Either FIELD_ENCRYPTION_KEYS lacks the key it was made with (add "
            "it behind the others), or the file was changed (take another backup)."
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise BackupError(f"{backup / MANIFEST}: it is no manifest of this product ({error}).") from error


def read_part(backup: Path, name: str, manifest: Manifest) -> Iterator[bytes]:
    """Yield what is inside a part, piece by piece. Raises `BackupError` where it is not what was written.

    What was yielded must be taken back then.
    """
    try:
        with (backup / name).open("rb") as file:
            yield from sealed_streams.read(file, f"{name} of {manifest.name}")
    except FileNotFoundError as error:
        raise BackupError(
            f"{backup / name} is missing: the backup is not complete any more. Use another one."
        ) from error
    except OSError as error:
        raise cannot_use(backup / name, error) from error
    except sealed_streams.Damaged as error:
        raise BackupError(f"{backup / name} is damaged, or of another backup: {error}. Use another one.") from error
    except sealed_streams.KeyLost as error:
        raise BackupError(f"{backup / name} cannot be opened: {error}.") from error


class Draft:
    """A backup that is being written. It is one when `finish` returned."""

    def __init__(self, directory: Path, taken_at: datetime) -> None:
        self.name = f"{taken_at.astimezone(UTC).strftime(_STAMP)}-{os.urandom(2).hex()}"
        self.parts: dict[str, Part] = {}
        self._final = directory / self.name
        self._path = self._final.with_name(f"{self.name}{PARTIAL}")
        self._path.mkdir(mode=0o700)

    @contextmanager
    def part(self, name: str) -> Iterator[SealedWriter]:
        """Open one part for writing. It is on disk when the block ends."""
        handle = os.open(self._path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            writer = SealedWriter(file, f"{name} of {self.name}")
            yield writer
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        self.parts[name] = Part(writer.size, writer.sealed_size, writer.checksum)

    def finish(self, manifest: Manifest) -> Path:
        """Add the manifest and give the backup its name."""
        sums = "".join(f"{part.checksum}  {name}\n" for name, part in self.parts.items())
        safe_files.create(self._path / SUMS, sums.encode())
        safe_files.create(self._path / MANIFEST, manifest.encode())
        self._path.rename(self._final)
        safe_files.sync_directory(self._final.parent)
        return self._final

    def discard(self) -> None:
        """Delete what there is of it."""
        shutil.rmtree(self._path, ignore_errors=True)


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Let nobody else take a backup into this directory. Deletes what crashed ones left. Raises `BackupError`."""
    try:
        safe_files.make_directory(directory)
        handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_use(directory, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for path in directory.glob(f"*{PARTIAL}"):
            shutil.rmtree(path, ignore_errors=True)
        yield
    except BlockingIOError:
        raise Busy(f"{directory}: another backup is being taken there right now. Wait for it.") from None
    finally:
        os.close(handle)


def prune(directory: Path, *, keep_days: int, now: datetime) -> list[str]:
    """Delete complete backups that are older than that, but never the newest. Returns their names."""
    gone = []
    for path in complete(directory)[:-1]:
        taken_at = datetime.strptime(path.name.split("-")[0], _STAMP).replace(tzinfo=UTC)
        if now - taken_at > timedelta(days=keep_days):
            # First it loses its name, so that half a backup is never taken for one.
            doomed = path.rename(path.with_name(f"{path.name}{PARTIAL}"))
            shutil.rmtree(doomed, ignore_errors=True)
            gone.append(path.name)
    return gone


def cannot_use(path: Path, error: OSError) -> BackupError:
    """Return what to tell the operator about a file or directory."""
    not_one = "it is no directory: name one"
    remedies = {
        errno.ENOSPC: "make room there, keep backups for fewer days (BACKUP_KEEP_DAYS) or use a larger disk",
        errno.EDQUOT: "make room there, keep backups for fewer days (BACKUP_KEEP_DAYS) or use a larger disk",
        errno.EACCES: "let the user of this process read and write there, or name another directory",
        errno.EROFS: "it is on a file system that is read-only: name another directory",
        errno.ENOENT: "name a directory that is there, and mounted",
        errno.ENOTDIR: not_one,
        errno.EEXIST: not_one,
    }
    remedy = remedies.get(error.errno or 0, "see to the disk")
    return BackupError(f"{path}: {error.strerror or error}; {remedy}.")
