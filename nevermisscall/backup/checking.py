"""Prove that a backup can be restored: restore it beside the database, and look at what came back."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, models
from django.db.migrations.loader import MigrationLoader

from nevermisscall.backup import archive, media, restoring
from nevermisscall.backup.archive import MEDIA, Manifest
from nevermisscall.backup.errors import BackupError
from nevermisscall.backup.progress import Say, size
from nevermisscall.backup.restoring import Address
from nevermisscall.backup.taking import count, one
from nevermisscall.lib.crypto import EncryptedTextField, Sealed

ALIAS = "restore_check"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    passed: bool
    text: str


@dataclass(frozen=True)
class Verdict:
    """What was found, and how many seconds it takes until database and files are there again."""

    findings: list[Finding]
    restore_seconds: float

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)


def check(backup: Path, manifest: Manifest, server: Address, say: Say) -> Verdict:
    """Restore into a scratch database on that server and look at everything. Raises `BackupError` if that cannot be."""
    with restoring.scratch(server, f"nevermisscall_check_{os.getpid()}") as target:
        began = monotonic()
        try:
            restoring.restore_database(backup, manifest, target, say)
            stored = media.names(archive.read_part(backup, MEDIA, manifest))
        except BackupError as error:
            return Verdict([Finding(False, str(error))], monotonic() - began)
        seconds = monotonic() - began
        findings = [Finding(True, f"opens, is complete and was restored: {size(manifest.sealed_size)} encrypted")]
        with restoring.connected(target) as held:
            findings += [_rows(held, manifest), _migrations(manifest), _constraints(held)]
        with restoring.use(ALIAS, target):
            findings += _as_this_version_sees_it(stored, manifest)
    return Verdict(findings, seconds)


def _rows(held: "psycopg.Connection[Any]", manifest: Manifest) -> Finding:
    for table, expected in manifest.rows.items():
        try:
            found = count(held, table)
        except psycopg.Error as error:
            return Finding(False, f"{table} is not there: {str(error).splitlines()[0]}")
        if found != expected:
            return Finding(False, f"{table} has {found} rows; the manifest says {expected}")
    return Finding(True, f"{sum(manifest.rows.values())} rows in {len(manifest.rows)} tables, as the manifest says")


def _migrations(manifest: Manifest) -> Finding:
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or ())
    applied = {(app, name) for app, names in manifest.migrations.items() for name in names}
    if unknown := sorted(applied - known):
        return Finding(
            False,
            f"this code does not know {'.'.join(unknown[0])} and {len(unknown) - 1} more migrations: it is older than "
            f"the backup, which is of version {manifest.product}",
        )
    return Finding(True, f"{len(applied)} migrations, all known; {len(known - applied)} newer ones to apply")


def _constraints(held: "psycopg.Connection[Any]") -> Finding:
    doubtful = one(
        held,
        "SELECT array(SELECT conname::text FROM pg_constraint WHERE NOT convalidated "
        "UNION SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid)",
    )
    if doubtful:
        return Finding(False, f"constraints or indexes that are not valid: {', '.join(doubtful)}")
    return Finding(True, f"{count(held, 'pg_constraint')} constraints, all valid")


def _as_this_version_sees_it(stored: set[str], manifest: Manifest) -> Iterator[Finding]:
    """Bring the schema up to date, as after a real loss, and read what only this code can read."""
    try:
        call_command("migrate", database=ALIAS, interactive=False, verbosity=0)
    except DatabaseError as error:
        yield Finding(False, f"the newer migrations fail on it: {error}")
        return
    yield _secrets()
    yield _files(stored, manifest)


def _secrets() -> Finding:
    opened, closed = 0, []
    for field in _fields(EncryptedTextField):
        for value in field.model._base_manager.using(ALIAS).values_list(field.attname, flat=True):
            opened += bool(value)
            if isinstance(value, Sealed):
                closed.append(field)
    if closed:
        name = f"{closed[0].model._meta.label}.{closed[0].name}"
        return Finding(
            False, f"{len(closed)} secrets, of {name} first, cannot be opened: FIELD_ENCRYPTION_KEYS lacks a key"
        )
    return Finding(True, f"{opened} secrets open with today's FIELD_ENCRYPTION_KEYS")


def _files(stored: set[str], manifest: Manifest) -> Finding:
    if len(stored) != manifest.media_files:
        return Finding(False, f"{len(stored)} files; the manifest says {manifest.media_files}")
    named: set[str] = set()
    for field in _fields(models.FileField):
        values = field.model._base_manager.using(ALIAS).exclude(**{field.attname: ""})
        named |= set(values.values_list(field.attname, flat=True))
    if missing := sorted(named - stored):
        return Finding(False, f"{len(missing)} files of {len(named)} that rows name are missing, such as {missing[0]}")
    return Finding(True, f"{len(stored)} files, among them all {len(named)} that rows name")


def _fields(kind: "type[models.Field[Any, Any]]") -> Iterator[Any]:
    return (field for model in apps.get_models() for field in model._meta.local_fields if isinstance(field, kind))
