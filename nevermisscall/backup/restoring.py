"""Put a backup into an empty database, and its files into an empty directory."""

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql

from nevermisscall.backup import archive, media, programs
from nevermisscall.backup.archive import DATABASE, MEDIA, Manifest
from nevermisscall.backup.errors import BackupError
from nevermisscall.backup.programs import Database
from nevermisscall.backup.progress import Progress, Say, size
from nevermisscall.backup.taking import one
from nevermisscall.lib import safe_files
from nevermisscall.lib.env import open_environment

Address = dict[str, Any]  # as in settings.DATABASES


def address(url: str, variable: str) -> Address:
    """Return the database that a URL names. Raises `BackupError`, which names `variable`."""
    parsed: Address = {}
    with warnings.catch_warnings(action="ignore"), suppress(ValueError):  # we say it better
        parsed = open_environment().db_url_config(url)
    if not parsed.get("NAME") or "postgres" not in str(parsed.get("ENGINE")):
        raise BackupError(f"{variable}: give a URL such as postgresql://user:password@host:5432/name")
    return parsed


@contextmanager
def use(alias: str, where: Address) -> Iterator[None]:
    """Let Django know a further database within the block, by the name `alias`."""
    connections.settings[alias] = _like_ours(where)
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias], connections.settings[alias]


@contextmanager
def connected(where: Address) -> Iterator["psycopg.Connection[Any]"]:
    """Yield a connection that commits each statement. Raises `BackupError`."""
    wrapper = DatabaseWrapper(_like_ours(where))
    try:
        connection: psycopg.Connection[Any] = wrapper.get_new_connection(wrapper.get_connection_params())
    except psycopg.Error as error:
        name = where["NAME"]
        raise BackupError(
            f"{name}: no connection ({str(error).strip()}). Create it (`createdb {name}`) or mend the URL."
        ) from error
    with connection:
        connection.autocommit = True
        yield connection


def ready(into: Address) -> tuple[Path, Database]:
    """Return `pg_restore` and where to, having seen that the database is empty. Raises `BackupError`."""
    with connected(into) as held:
        if tables := _tables(held):
            raise BackupError(
                f"{into['NAME']} is not empty: it has {tables[0]} and {len(tables) - 1} more tables. Restoring never "
                "overwrites: name a database that was just created."
            )
        database = Database.of(held)
    return programs.find("pg_restore", database), database


def restore_database(backup: Path, manifest: Manifest, into: Address, say: Say) -> None:
    """Fill an empty database; after an error it is empty again. Raises `BackupError`, also if it is not empty."""
    program, database = ready(into)
    progress, done = Progress(say), 0
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    with programs.run(program, database, *options, reads=True) as restore:
        for piece in archive.read_part(backup, DATABASE, manifest):
            restore.pipe.write(piece)
            done += len(piece)
            progress.at(f"database: {size(done)} of {size(manifest.parts[DATABASE].size)} restored")


@contextmanager
def restored_media(backup: Path, manifest: Manifest, root: Path) -> Iterator[int]:
    """Fill an empty directory with the files and yield how many; if the block fails, it is empty again.

    Raises `BackupError`, also if it is not empty.
    """
    try:
        safe_files.make_directory(root)
        if any(root.iterdir()):
            raise BackupError(f"{root} is not empty. Restoring never overwrites: move what is there away.")
    except OSError as error:
        raise archive.cannot_use(root, error) from error
    try:
        try:
            files = media.unpack(archive.read_part(backup, MEDIA, manifest), root)
        except OSError as error:
            raise archive.cannot_use(root, error) from error
        yield files
    except BaseException:
        for path in root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


@contextmanager
def scratch(server: Address, name: str) -> Iterator[Address]:
    """Yield a new database beside the one of `server`, which is dropped afterwards. Raises `BackupError`."""
    with connected(server) as held:
        identifier = sql.Identifier(name)
        try:
            held.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
        except psycopg.Error as error:
            raise BackupError(
                f"{name} cannot be created: {str(error).strip()}. Let the user create databases (`ALTER ROLE … "
                "CREATEDB`), or give --server with a URL of a server where one may."
            ) from error
        try:
            yield {**server, "NAME": name}
        finally:
            held.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))


def default_server() -> Address:
    """Return the database that the product uses."""
    return dict(settings.DATABASES["default"])


def _like_ours(where: Address) -> Address:
    """Return the address with everything else that our own database has set."""
    return {**connections.settings["default"], **where}


def _tables(held: "psycopg.Connection[Any]") -> list[str]:
    found = one(
        held,
        "SELECT coalesce(array_agg(schemaname || '.' || tablename ORDER BY 1), '{}') FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    return list(found)
