"""Whether webhooks wait on this machine: then what comes joins them, whichever process it reaches.

A file of the journal's directory says so from the moment one is kept until all are recorded: a dial result must not
overtake the pressed 1 that another process has kept, nor a text a STOP. Asking costs one stat().
"""

import logging
from contextlib import suppress
from pathlib import Path
from time import monotonic

from nevermisscall.webhooks.journal import files

# A drain that takes longer, or somebody else's that hangs, must not hold anybody up any more.
AT_MOST = 20.0

logger = logging.getLogger(__name__)


def is_on() -> bool:
    """Tell whether something waits."""
    return _path().exists()


def begin() -> None:
    """Something waits from now on."""
    try:
        _path().touch(mode=0o600)
    except OSError as error:
        logger.error("webhooks of other processes may overtake those of the journal", extra={"reason": str(error)})


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
        return monotonic() - self._since < AT_MOST


def _path() -> Path:
    return files.home() / "waiting"
