"""The thread that empties the journal, in every web and worker process, as soon as the database is back."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from django.db import connection

from nevermisscall.lib import database
from nevermisscall.lib.database import breaker
from nevermisscall.webhooks.journal import files, joining
from nevermisscall.webhooks.journal.replaying import DatabaseAway, Replayer
from nevermisscall.webhooks.journal.writing import SEAL_AFTER, writer

EVERY_SECONDS = 0.5
HOLD_SECONDS = 5.0  # longer than a look at a frozen server takes

logger = logging.getLogger(__name__)


class Courier:
    """Looks twice a second whether something waits, or the breaker is open, and whether the database answers.

    With `patience`, in seconds since the database is back, others get the chance to be first. `after_outage` is called
    when it has emptied the journal, and at the start of a process whose absence may have cost webhooks (`was_away`).
    """

    def __init__(
        self, *, patience: float = 0.0, after_outage: Callable[[], None] | None = None, was_away: bool = False
    ) -> None:
        self._patience = patience
        self._after_outage = after_outage
        self._owes_notice = was_away
        self._stop = threading.Event()
        self._replayer = Replayer()
        self._back_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="journal-courier", daemon=True)

    def start(self) -> None:
        """Start in the background. Where webhooks wait from before, those that come now join them."""
        if not self._patience and files.waiting():
            joining.begin()
            joining.go_on()
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the webhook that it is recording; the others wait for the next process."""
        self._stop.set()
        self._thread.join(timeout=10)
        writer.seal()

    def look(self) -> None:
        """Record what waits, if the database answers."""
        writer.seal(older_than=SEAL_AFTER if breaker.is_open else 0.0)
        if not (breaker.is_open or joining.is_on() or files.waiting() or self._owes_notice):
            self._back_since = None
            return
        self._hold()
        try:
            if not database.answers():
                self._back_since = None
                joining.go_on()  # it will, when the database is back
                return
            self._back_since = self._back_since or monotonic()
            writer.seal()  # whoever replays may then delete the file
            if monotonic() - self._back_since >= self._patience and self._empty():
                self._back_since = None
                breaker.close()
                self._give_notice()
        finally:
            connection.close()

    def _give_notice(self) -> None:
        """Say that something was away; again in the next round if that cannot be said."""
        if self._owes_notice and self._after_outage is not None:
            self._after_outage()
        self._owes_notice = False

    def _empty(self) -> bool:
        """Replay round by round. Returns whether nothing is left that could be recorded now."""
        with files.held() as is_mine:
            while is_mine and self._goes_on():
                progress = self._replayer.round(carry_on=self._goes_on)
                if progress.recorded or progress.set_aside:
                    self._owes_notice = True
                    found = {"recorded": progress.recorded, "set_aside": progress.set_aside}
                    logger.info("journal replayed", extra=found)
                elif progress.left:
                    return False  # what follows must not overtake it
                elif not joining.is_on():
                    return True
                else:
                    joining.end()  # and one more look: something may have been kept just before
                    continue
                joining.begin()
        return False

    def _goes_on(self) -> bool:
        joining.go_on()
        self._hold()
        return not self._stop.is_set()

    def _hold(self) -> None:
        """Keep the breaker open, half-open for this thread, while others would only wait or overtake."""
        if not breaker.is_open:
            return
        since = monotonic() - self._back_since if self._back_since is not None else 0.0
        if since > joining.AT_MOST and not joining.is_on():
            breaker.close()  # nobody gets anywhere
        else:
            breaker.trip(HOLD_SECONDS)

    def _run(self) -> None:
        failed = False
        while not self._stop.wait(EVERY_SECONDS):
            try:
                self.look()
                failed = False
            except DatabaseAway:
                logger.warning("the database went away while the journal was replayed; it goes on when it is back")
            except Exception:
                # Say so once, and go on: this loop is the guarantee.
                if not failed:
                    logger.exception("the journal cannot be replayed")
                failed = True
