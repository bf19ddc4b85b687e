"""`manage.py backup`: take one now."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from nevermisscall.backup import archive, taking
from nevermisscall.backup.errors import BackupError
from nevermisscall.backup.progress import size

HELP = """\
Take a backup of the database and of MEDIA_ROOT: what was committed at one moment, encrypted with FIELD_ENCRYPTION_KEYS.

It becomes a directory such as 20261120T030000Z-3f2a (the time is UTC), which has that name only once it is complete.
Copy it to another machine; `sha256sum -c SHA256SUMS` in it checks a copy without any key. Keep FIELD_ENCRYPTION_KEYS
somewhere else: without them no backup opens, and a thief who has both reads everything.

Runs beside the product, from cron or by hand. Exit code 1 and one sentence if it did not work.
"""
EPILOG = """\
examples:
  manage.py backup                       into BACKUP_DIR
  manage.py backup --to /mnt/backups     somewhere else
  manage.py backup --list                what there is
then:
  manage.py restore_check                restore the newest on trial
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--to", metavar="DIR", help="directory for the backup; default: BACKUP_DIR")
        parser.add_argument(
            "--keep-days",
            type=int,
            metavar="N",
            help="then delete complete ones in that directory that are older, but never the newest; default: "
            f"BACKUP_KEEP_DAYS ({settings.BACKUP_KEEP_DAYS})",
        )
        parser.add_argument("--list", action="store_true", help="take none; say which there are")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["list"]:
                self._list(options["to"])
                return
            if (options["keep_days"] or 0) < 0:
                raise CommandError(f"--keep-days: {options['keep_days']} is no number of days such as 30")
            path, manifest = taking.take(to=options["to"], keep_days=options["keep_days"], say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{path}: {sum(manifest.rows.values())} rows, {manifest.media_files} files, "
            f"{size(manifest.sealed_size)} encrypted, {manifest.seconds:.1f} s"
        )

    def _list(self, directory: str | None) -> None:
        for path in archive.complete(archive.home(directory, option="--to")):
            manifest = archive.read_manifest(path)
            self.stdout.write(
                f"{path.name}  {size(manifest.sealed_size):>9}  {sum(manifest.rows.values())} rows  "
                f"{manifest.media_files} files  version {manifest.product}, PostgreSQL {manifest.server}"
            )
