"""Whether webhooks wait on this machine: then what comes joins them, whichever process it reaches.

A file of the journal's directory says so from the moment one is kept until all are recorded: a dial result must not
overtake the pressed 1 that another process has kept, nor a text a STOP. Asking costs one stat().
"""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from time import monotonic

from nevermisscall.webhooks.journal import files

# A drain that gets nowhere for so long must not hold anybody up any more.
AT_MOST = 20.0
TEXTS_AT_MOST = 60.0

logger = logging.getLogger(__name__)


def is_on() -> bool:
    """Tell whether something waits, and is being recorded or will be soon."""
    try:
        return time.time() - _path().stat().st_mtime < AT_MOST
    except OSError:
        return False


def begin() -> None:
    """Something waits from now on."""
    try:
        handle = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.close(handle)
        go_on()
    except FileExistsError:
        pass  # only whoever records may say that it goes on
    except OSError as error:
        logger.error("webhooks of other processes may overtake those of the journal", extra={"reason": str(error)})


def go_on() -> None:
    """What waits is being recorded right now."""
    now = time.time()
    with suppress(OSError):
        os.utime(_path(), (now, now))


def end() -> None:
    """All is recorded, or what comes need not wait for it any longer."""
    with suppress(OSError):
        _path().unlink(missing_ok=True)


class Patience:
    """What would act upon what is recorded waits until all is, but not for ever."""

    def __init__(self) -> None:
        self._since: float | None = None

    def holds(self) -> bool:
        """Tell whether to wait. True for so many seconds on end at most."""
        if not is_on():
            self._since = None
            return False
        self._since = self._since or monotonic()
        return monotonic() - self._since < TEXTS_AT_MOST


def _path() -> Path:
    return files.home() / "waiting"
