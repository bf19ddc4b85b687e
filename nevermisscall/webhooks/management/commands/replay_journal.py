"""Record what waits in the journal now, instead of waiting for a web or worker process to do so."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nevermisscall.webhooks.journal import files, poison
from nevermisscall.webhooks.journal.files import JournalError
from nevermisscall.webhooks.journal.replaying import DatabaseAway, Replayer


class Command(BaseCommand):
    """`manage.py replay_journal [--dry-run] [--set-aside]`"""

    help = "Record the webhooks that wait in JOURNAL_DIR, oldest first. Safe to repeat, and beside running processes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what there is")
        parser.add_argument("--set-aside", action="store_true", help="try those again that were set aside")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["dry_run"]:
                self._describe()
                return
            if options["set_aside"]:
                count = poison.try_again({one.path for one in poison.every()})
                self.stdout.write(f"{count} of those that were set aside wait again.")
            self._replay()
        except DatabaseAway as error:
            raise CommandError("The database does not answer; everything waits where it was.") from error
        except JournalError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"JOURNAL_DIR: {files.home()} cannot be used ({error.strerror or error}). Run this with the "
                "JOURNAL_DIR of the web processes, and as their user."
            ) from error

    def _describe(self) -> None:
        waiting = [record for path in files.waiting() for record in files.read(path).records]
        set_aside = poison.every()
        for record in waiting:
            self.stdout.write(f"waits      {record.received_at:%Y-%m-%d %H:%M:%S} {record.kind} {record.key}")
        for one in set_aside:
            what = f"{one.record.kind} {one.record.key}" if one.record else one.path.name
            self.stdout.write(f"set aside  {what}: {one.reason}")
        where = files.home() if files.home().is_dir() else f"{files.home()}, which is not there"
        self.stdout.write(f"{len(waiting)} wait and {len(set_aside)} are set aside in {where}.")

    def _replay(self) -> None:
        recorded = set_aside = 0
        replayer = Replayer()
        with files.held() as is_mine:
            if not is_mine:
                raise CommandError("Another process is replaying the journal right now.")
            while (progress := replayer.round()).recorded or progress.set_aside:
                recorded += progress.recorded
                set_aside += progress.set_aside
        self.stdout.write(
            f"{recorded} recorded, {set_aside} set aside, {len(files.waiting())} files left in {files.home()}."
        )
