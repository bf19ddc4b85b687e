"""`manage.py restore_check`: a backup that was never restored is a hope."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nevermisscall.backup import archive, checking, restoring
from nevermisscall.backup.errors import BackupError
from nevermisscall.lib.clock import utcnow

HELP = """\
Restore a backup on trial, with the real pg_restore, into a database that is created beside the product's and dropped
afterwards, and look at what came back:

  it opens with today's FIELD_ENCRYPTION_KEYS, and nothing of it is changed or missing
  every table has as many rows as when it was taken; constraints and indexes are valid
  this code knows its migrations, and the newer ones apply
  every encrypted secret opens; every file that a row names is there

Then it says RPO (what would be lost if the machine were lost now) and RTO (how long restoring took here). Exit code 0
only if all is well. The product may run meanwhile; its database needs room for a second copy.
"""
EPILOG = """\
examples:
  manage.py restore_check                             the newest in BACKUP_DIR
  manage.py restore_check 20261120T030000Z-3f2a       that one
  manage.py restore_check /mnt/copy/20261120T030000Z-3f2a --server postgresql://postgres:…@spare:5432/postgres
"""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("backup", nargs="?", metavar="BACKUP", help="name or path; default: the newest")
        parser.add_argument("--from", dest="directory", metavar="DIR", help="where names are looked up; BACKUP_DIR")
        parser.add_argument("--server", metavar="URL", help="where to create the scratch database; DATABASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = archive.find(options["backup"], options["directory"])
            manifest = archive.read_manifest(backup)
            server = options["server"]
            where = restoring.address(server, "--server") if server else restoring.default_server()
            self.stdout.write(
                f"{backup}: taken {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC by version {manifest.product}, "
                f"PostgreSQL {manifest.server}"
            )
            verdict = checking.check(backup, manifest, where, self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        for finding in verdict.findings:
            self.stdout.write(f"{'ok  ' if finding.passed else 'FAIL'}  {finding.text}")
        age = timedelta(seconds=int((utcnow() - manifest.taken_at).total_seconds()))
        self.stdout.write(f"RPO   {age} (the age of this backup; with WAL archiving, minutes: docs/operations.md)")
        self.stdout.write(f"RTO   {verdict.restore_seconds:.1f} s for database and files, on this machine")
        if not verdict.passed:
            raise CommandError("This backup does not restore as it should. Take another one, and check that.")
        self.stdout.write("passed")
