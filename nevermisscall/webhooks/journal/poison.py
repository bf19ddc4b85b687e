"""What could not be recorded although the database was there: set aside with the reason, for somebody to look at."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nevermisscall.lib import safe_files
from nevermisscall.webhooks.journal import files
from nevermisscall.webhooks.journal.files import SUFFIX
from nevermisscall.webhooks.journal.records import Damaged, Record, encode
from nevermisscall.webhooks.journal.writing import writer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Poison:
    """One of them. Without a `record` it cannot be read."""

    path: Path
    reason: str
    record: Record | None

    @property
    def received_at(self) -> datetime | None:
        """When it came."""
        return self.record.received_at if self.record else None


def set_aside(what: Record | Damaged) -> None:
    """Keep it where it holds up nothing. Raises `OSError`."""
    files.make_directories()
    path = files.home() / files.POISON / f"{files.new_name()}{SUFFIX}"
    safe_files.create(path, what.raw if isinstance(what, Damaged) else encode(what))
    logger.error(
        "a webhook of the journal is set aside: see “The journal set webhooks aside” in docs/operations.md",
        # A record's own reason may quote what a customer sent.
        extra={"journal_id": what.id} if isinstance(what, Record) else {"reason": what.reason},
    )


def every() -> list[Poison]:
    """Return all of them, oldest first."""
    found = []
    for path in files.poison():
        segment = files.read(path)
        record = segment.records[0] if segment.records else None
        damage = segment.damaged[0].reason if segment.damaged else "damaged on disk"
        found.append(Poison(path, record.reason if record else damage, record))
    return found


def try_again(paths: set[Path]) -> int:
    """Put those of `paths` that can be read back among the waiting ones. Returns how many. Raises `JournalError`."""
    count = 0
    for one in every():
        if one.path in paths and one.record is not None:
            writer.append(one.record.because(""))
            one.path.unlink(missing_ok=True)
            count += 1
    writer.seal()
    return count
