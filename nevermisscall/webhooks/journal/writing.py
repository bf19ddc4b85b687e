"""Keep a webhook on disk before it is answered."""

import fcntl
import logging
import os
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic

from django.conf import settings

from nevermisscall.lib import safe_files
from nevermisscall.webhooks.journal import files
from nevermisscall.webhooks.journal.files import JournalError
from nevermisscall.webhooks.journal.records import Record, encode

SEAL_AFTER = 60.0  # seconds: an outage of hours should not make thousands of files
SEAL_AT = 1024 * 1024  # bytes
MEASURE_EVERY = 1.0  # seconds: the directory may hold many files

logger = logging.getLogger(__name__)


class Writer:
    """The file that this process writes to. Its lock tells others that it is not complete. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: int | None = None
        self._path: Path | None = None
        self._pid = 0
        self._opened_at = self._measured_at = float("-inf")
        self._written = self._bytes = self._files = 0

    def append(self, record: Record) -> None:
        """Write the record; when this returns, it is on disk. Raises `JournalError`: full, or not writable."""
        frame = encode(record)
        with self._lock:
            try:
                self._check_quota(len(frame))
                handle = self._open()
                safe_files.write_all(handle, frame)
            except OSError as error:
                self._give_up()
                raise JournalError(files.cannot_write(error)) from error
            self._written += len(frame)
            self._bytes += len(frame)
            if self._written >= SEAL_AT:
                self._close()

    def seal(self, *, older_than: float = 0.0) -> None:
        """Write no more to the current file if it is so many seconds old."""
        with self._lock:
            if self._handle is not None and monotonic() - self._opened_at >= older_than:
                self._close()

    def _check_quota(self, size: int) -> None:
        if monotonic() - self._measured_at > MEASURE_EVERY:
            self._bytes, self._files = files.usage()
            self._measured_at = monotonic()
        if self._bytes + size > settings.JOURNAL_MAX_MEGABYTES * 1024 * 1024:
            raise JournalError("the journal is full: JOURNAL_MAX_MEGABYTES")
        if self._files >= settings.JOURNAL_MAX_FILES:
            raise JournalError("the journal is full: JOURNAL_MAX_FILES")

    def _open(self) -> int:
        if self._handle is not None and self._pid == os.getpid() and monotonic() - self._opened_at < SEAL_AFTER:
            return self._handle
        self._close()
        files.make_directories()
        path = files.home() / files.new_name()
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._path, self._pid, self._opened_at, self._written = path, os.getpid(), monotonic(), 0
        self._files += 1
        # Locked before it has the name by which it is found: whoever finds it unlocked may delete it.
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._path = path.rename(path.with_suffix(files.SUFFIX))
        safe_files.sync_directory(files.home())
        return self._handle

    def _give_up(self) -> None:
        """Write no more to the file: half a frame may be in it. Keep none that holds nothing else.

        On a full disk each webhook would leave one, until there are more than the journal may have.
        """
        self._close()
        if self._written == 0 and self._path is not None:
            with suppress(OSError):  # such as a disk that is read-only by now; the caller must be answered all the same
                self._path.unlink()
            self._path = None
            self._files -= 1

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


writer = Writer()


def keep(record: Record) -> bool:
    """Write a webhook that could not be recorded into the journal. Returns whether it is safe on disk."""
    try:
        writer.append(record)
    except JournalError as error:
        logger.error("webhook not kept: the journal cannot be written", extra={"reason": str(error)})
        return False
    return True
