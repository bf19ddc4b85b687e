"""The commands of docs/operations.md “To lose minutes only”: PostgreSQL comes back as it was before a mistake."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from nevermisscall.dev.accounts import service_account
from nevermisscall.dev.postgres_server import PostgresServer, find_programs
from tests.journeys.stack import wait_until

pytestmark = pytest.mark.fault("F25")


@pytest.fixture
def home():
    """A directory that PostgreSQL's account can enter."""
    with tempfile.TemporaryDirectory(prefix="nevermisscall-wal-") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


def give(path: Path) -> None:
    """Let PostgreSQL's account own it all."""
    if account := service_account(path):
        for each in (path, *path.rglob("*")):
            os.chown(each, account.uid, account.gid)


def run(url: str, statement: str):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def test_the_log_of_postgresql_brings_back_the_moment_before_a_mistake(home, say, figure):
    server = PostgresServer(home, durable=False)
    url = server.start()
    data, archive, base = home / "postgres", home / "archive", home / "base"
    try:
        archive.mkdir()
        give(archive)
        give(data)
        copy = f"test ! -f {archive}/%f && cp %p {archive}/.%f && mv {archive}/.%f {archive}/%f"
        run(url, "ALTER SYSTEM SET archive_mode = on")
        run(url, f"ALTER SYSTEM SET archive_command = '{copy}'")
        server.stop()
        url = server.start()
        run(url, "CREATE TABLE event AS SELECT generate_series(1, 1000) AS id")
        options = ("--checkpoint=fast", "--wal-method=none", "--no-sync")
        subprocess.run([find_programs() / "pg_basebackup", f"--dbname={url}", "-D", base, *options], check=True)
        run(url, "INSERT INTO event SELECT generate_series(1001, 2000)")
        before = run(url, "SELECT clock_timestamp()")
        time.sleep(0.1)
        run(url, "DELETE FROM event")
        last = run(url, "SELECT pg_walfile_name(pg_switch_wal())")
        wait_until(lambda: (archive / last).exists(), seconds=30)
        server.process.kill()
        server.process.wait()
        shutil.rmtree(data)

        began = time.monotonic()
        shutil.copytree(base, data)
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = 'cp {archive}/%f %p'\n")
            settings.write(f"recovery_target_time = '{before.isoformat()}'\nrecovery_target_action = 'promote'\n")
        (data / "recovery.signal").touch()
        give(data)
        data.chmod(0o700)
        url = server.start()
        wait_until(lambda: not run(url, "SELECT pg_is_in_recovery()"), seconds=60)
        seconds = time.monotonic() - began

        rows = run(url, "SELECT count(*) FROM event")
        say(f"{rows} of 2000 rows came back, RTO {seconds:.1f} s")
        figure(events=2000, lost=2000 - rows, rto_seconds=round(seconds, 1))
        assert rows == 2000
    finally:
        server.remove()
