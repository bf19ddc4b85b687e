"""Take a backup: one moment of the database, then the files, encrypted while they are written."""

import logging
import socket
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from psycopg import sql

from nevermisscall.backup import archive, media, programs
from nevermisscall.backup.archive import DATABASE, MEDIA, Draft, Manifest
from nevermisscall.backup.errors import BackupError, Busy
from nevermisscall.backup.models import Backup
from nevermisscall.backup.programs import Database
from nevermisscall.backup.progress import Progress, Say, size
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.env import BASE_DIR
from nevermisscall.lib.sealed_streams import PIECE
from nevermisscall.status import services as status
from nevermisscall.status.models import ServiceState

ONE_AT_A_TIME = 4_902_311  # advisory lock: of all machines, one takes a backup
LOCK_WAIT = "10min"  # for a migration that holds a table

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """One moment of the database, for as long as its transaction is open."""

    id: str
    taken_at: datetime
    server: str
    bytes: int
    rows: dict[str, int]
    migrations: dict[str, list[str]]


def take(*, to: str | None = None, keep_days: int | None = None, say: Say = logger.info) -> tuple[Path, Manifest]:
    """Take a backup into the directory `to`, or BACKUP_DIR, then delete those older than `keep_days`.

    Returns where it is and what it holds. Raises `BackupError`; then there is no backup, and nothing was deleted.
    Either way a row says so, if the database can be written.
    """
    directory = archive.home(to, option="--to")
    began = monotonic()
    try:
        path, manifest = _take(directory, settings.BACKUP_KEEP_DAYS if keep_days is None else keep_days, say)
    except Busy:
        raise
    except BackupError as error:
        _remember(Backup(error=str(error)[:500], seconds=monotonic() - began), is_the_daily_one=not to)
        raise
    row = Backup(name=path.name, taken_at=manifest.taken_at, seconds=manifest.seconds, size=manifest.sealed_size)
    _remember(row, is_the_daily_one=not to)
    return path, manifest


def _take(directory: Path, keep_days: int, say: Say) -> tuple[Path, Manifest]:
    with archive.held(directory), _connected() as held:
        database = Database.of(held)
        program = programs.find("pg_dump", database)
        snapshot = _look(held)
        progress = Progress(say)
        say(f"database: {size(snapshot.bytes)} in {len(snapshot.rows)} tables, as of {snapshot.taken_at:%H:%M:%S} UTC")
        try:
            draft = Draft(directory, snapshot.taken_at)
        except OSError as error:
            raise archive.cannot_use(directory, error) from error
        try:
            _dump(draft, program, database, snapshot, progress)
            files = _pack(draft, progress)
            manifest = Manifest(
                name=draft.name,
                taken_at=snapshot.taken_at,
                product=product_version(),
                server=snapshot.server,
                rows=snapshot.rows,
                migrations=snapshot.migrations,
                media_files=files,
                seconds=round(progress.seconds, 1),
                parts=draft.parts,
            )
            path = draft.finish(manifest)
        except OSError as error:  # of a file in MEDIA_ROOT, perhaps
            raise archive.cannot_use(Path(error.filename or directory), error) from error
        finally:
            draft.discard()
        for name in archive.prune(directory, keep_days=keep_days, now=snapshot.taken_at):
            say(f"deleted: {name} is older than {keep_days} days")
    return path, manifest


@contextmanager
def _connected() -> Iterator["psycopg.Connection[Any]"]:
    """Yield a connection of our own, for a transaction that may take hours, which nobody else may have now."""
    try:
        held: psycopg.Connection[Any] = connection.get_new_connection(connection.get_connection_params())
        with held:
            held.isolation_level, held.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
            held.execute("SET statement_timeout = 0")
            held.execute("SET idle_in_transaction_session_timeout = 0")
            held.commit()
            if not one(held, "SELECT pg_try_advisory_lock(%s)", ONE_AT_A_TIME):
                raise Busy("Another backup of this database is being taken right now. Wait for it.")
            held.commit()
            yield held
    except psycopg.Error as error:
        raise BackupError(
            f"DATABASE_URL: PostgreSQL does not serve the backup ({str(error).strip() or type(error).__name__}). When "
            "it answers again, take another one."
        ) from error


def _look(held: "psycopg.Connection[Any]") -> Snapshot:
    """Begin the transaction that everything is read in: what is counted here is what the dump will hold."""
    # The transaction's time is before its snapshot, so nothing that is in it came later.
    taken_at = one(held, "SELECT transaction_timestamp()").astimezone(UTC)
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)})
    migrations: dict[str, list[str]] = {}
    for app, name in held.execute("SELECT app, name FROM django_migrations ORDER BY app, name"):
        migrations.setdefault(app, []).append(name)
    return Snapshot(
        id=one(held, "SELECT pg_export_snapshot()"),
        taken_at=taken_at,
        server=one(held, "SHOW server_version"),
        bytes=one(held, "SELECT pg_database_size(current_database())"),
        rows={table: count(held, table) for table in tables if one(held, "SELECT to_regclass(%s)", f'"{table}"')},
        migrations=migrations,
    )


def count(held: "psycopg.Connection[Any]", table: str) -> int:
    """Return how many rows the table has."""
    return int(one(held, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))))


def _dump(draft: Draft, program: Path, database: Database, snapshot: Snapshot, progress: Progress) -> None:
    arguments = ("--format=custom", f"--snapshot={snapshot.id}", f"--lock-wait-timeout={LOCK_WAIT}")
    with draft.part(DATABASE) as out, programs.run(program, database, *arguments) as dump:
        while piece := dump.pipe.read(PIECE):
            out.write(piece)
            progress.at(f"database: {size(out.size)} written")


def _pack(draft: Draft, progress: Progress) -> int:
    """Pack the files after the database: each that a row names was there before the row was."""
    files = 0
    with draft.part(MEDIA) as out:
        for files in media.pack(Path(settings.MEDIA_ROOT), out):
            progress.at(f"files: {files} of {size(out.size)} written")
    return files


def _remember(row: Backup, *, is_the_daily_one: bool) -> None:
    row.host, row.ended_at, row.elsewhere = socket.gethostname(), utcnow(), not is_the_daily_one
    try:
        row.save()
        if is_the_daily_one:
            state = ServiceState.State.DEGRADED if row.error else ServiceState.State.OK
            status.report(name="backup", state=state, error=row.error)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("the backup ended, but no row could be written that says so", extra={"reason": str(error)})


def one(held: "psycopg.Connection[Any]", query: "str | sql.Composed", *values: Any) -> Any:
    """Return the one value that the query returns."""
    found = held.execute(query, values or None).fetchone()
    assert found is not None
    return found[0]


def product_version() -> str:
    """Return the version of this code."""
    return str(tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"])
