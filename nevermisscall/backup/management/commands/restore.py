"""`manage.py restore`: the real thing."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from nevermisscall.backup import archive, restoring
from nevermisscall.backup.errors import BackupError

MARGIN = timedelta(minutes=10)  # a webhook that was being recorded when the backup was taken is older than it

HELP = """\
Restore a backup into an empty database, and its files into an empty MEDIA_ROOT. Nothing is ever overwritten: a database
with tables, or a directory with files, is refused. If it fails, both are empty again.

Stop web, worker and beat first, and do not start them before Twilio was asked what happened since: texts that wait in
the backup may have been sent meanwhile.
"""
EPILOG = """\
examples:
  createdb nevermisscall
  manage.py restore 20261120T030000Z-3f2a --into postgresql://user:password@host:5432/nevermisscall
  manage.py restore /mnt/copy/20261120T030000Z-3f2a --into "$DATABASE_URL" --media-into /srv/media
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("backup", metavar="BACKUP", help="name in BACKUP_DIR, or path")
        parser.add_argument("--into", required=True, metavar="URL", help="an empty database")
        parser.add_argument("--from", dest="directory", metavar="DIR", help="where names are looked up; BACKUP_DIR")
        media = parser.add_mutually_exclusive_group()
        media.add_argument(
            "--media-into", metavar="DIR", help=f"an empty directory; MEDIA_ROOT ({settings.MEDIA_ROOT})"
        )
        media.add_argument("--without-media", action="store_true", help="leave the files: they were not lost")

    def handle(self, *args: Any, **options: Any) -> None:
        began = monotonic()
        try:
            backup = archive.find(options["backup"], options["directory"])
            manifest = archive.read_manifest(backup)
            into = restoring.address(options["into"], "--into")
            restoring.ready(into)  # first: the files may take an hour
            with ExitStack() as undo:
                if not options["without_media"]:
                    root = Path(options["media_into"] or settings.MEDIA_ROOT)
                    files = undo.enter_context(restoring.restored_media(backup, manifest, root))
                    self.stdout.write(f"{files} files")
                restoring.restore_database(backup, manifest, into, self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        since = manifest.taken_at - MARGIN
        self.stdout.write(
            f"{sum(manifest.rows.values())} rows as of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC, in "
            f"{monotonic() - began:.1f} s.\nNow, with DATABASE_URL set to it, and before any process is started:\n"
            f"  manage.py migrate\n  manage.py reconcile --since {since:%Y-%m-%dT%H:%M:%SZ}\n"
            "The second asks Twilio for what came and what was sent since, so that nothing is missing or sent twice."
        )
