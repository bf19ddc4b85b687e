"""Take a backup, restore it on trial and for real: with the real pg_dump and pg_restore."""

import errno
import hashlib
import itertools
import os
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError
from django.db import connection

from nevermisscall.backup import archive, programs
from nevermisscall.backup.models import Backup
from nevermisscall.lib import crypto
from sms.models import MessageMedia
from tenants.models import Tenant, TwilioAccount
from tests.fixtures.people import make_business
from tests.fixtures.webhooks import TwilioPhone

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(home, client):
    """A business with a secret, and a customer who texted a picture that is in MEDIA_ROOT."""
    tenant = make_business()
    TwilioAccount.objects.create(tenant=tenant, account_sid="AC" + "7" * 32, auth_token="hush-hush")
    TwilioPhone(client).text("a picture of the leak", media=["image/jpeg"])
    MessageMedia.objects.update(state="stored", file="texts/ab/abcd.jpg", size=7000, fetch_at=None)
    return tenant


@contextmanager
def empty_database(name: str):
    """Yield the URL of a new database beside the tests' own."""
    parts = connection.get_connection_params()
    server = f"postgresql://{parts['user']}:{quote(parts['password'])}@{parts['host']}:{parts['port']}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as server_connection:
        server_connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server_connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            server_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_backup_restores_on_trial(acme, home, manage, only_backup):
    said = manage("backup")
    verdict = manage("restore_check")

    assert f"{only_backup()}: " in said
    assert "2 files" in said
    assert "2 files, among them all 1 that rows name" in verdict
    assert "1 secrets open" in verdict
    assert "FAIL" not in verdict
    assert "RPO   0:00:0" in verdict
    assert "RTO   " in verdict
    assert verdict.endswith("passed\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [f"nevermisscall_check_{os.getpid()}"])
        assert cursor.fetchone() == (0,)  # dropped


def test_a_backup_is_for_nobodys_eyes_but_ours(acme, home, manage, only_backup):
    manage("backup")
    backup = only_backup()

    assert {stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home, backup)} == {0o700}
    for path in backup.iterdir():
        assert not any(word in path.read_bytes() for word in (b"PGDMP", b"hush-hush", b"leak", b"picturepicture"))
    for line in (backup / "SHA256SUMS").read_text().splitlines():
        checksum, name = line.split("  ")
        assert hashlib.sha256((backup / name).read_bytes()).hexdigest() == checksum


def test_restoring_brings_rows_secrets_and_files_back(acme, home, manage, only_backup, tmp_path, settings):
    manage("backup")
    with empty_database("restored_for_real") as url:
        said = manage("restore", only_backup().name, "--into", url, "--media-into", tmp_path / "again")
        with psycopg.connect(url) as restored:
            [(body,)] = restored.execute("SELECT body FROM sms_message").fetchall()
            [(token,)] = restored.execute("SELECT auth_token FROM tenants_twilioaccount").fetchall()

    assert body == "a picture of the leak"
    assert crypto.decrypt(token) == "hush-hush"
    assert (tmp_path / "again/texts/ab/abcd.jpg").read_bytes() == b"picture" * 1000
    assert "manage.py reconcile --since " in said


def test_what_is_there_is_never_overwritten(acme, home, manage, only_backup, tmp_path):
    manage("backup")
    with empty_database("not_empty") as url:
        with psycopg.connect(url) as somebody:
            somebody.execute("CREATE TABLE precious (id int)")
        with pytest.raises(CommandError, match=r"not_empty is not empty: it has public\.precious"):
            manage("restore", only_backup().name, "--into", url, "--without-media")
    with empty_database("unused") as url, pytest.raises(CommandError, match="media is not empty"):
        manage("restore", only_backup().name, "--into", url)


def test_what_fails_leaves_no_files_so_that_it_can_be_tried_again(acme, home, manage, only_backup, tmp_path):
    manage("backup")
    again = ("--media-into", tmp_path / "again")
    with empty_database("tried_twice") as url:
        with pytest.raises(CommandError, match="no connection"):
            manage("restore", only_backup().name, "--into", f"{url}_not", *again)
        shutil.move(only_backup() / "database", tmp_path / "database")
        with pytest.raises(CommandError, match=r"2 files\n.*/database is missing: the backup is not complete"):
            manage("restore", only_backup().name, "--into", url, *again)
        shutil.move(tmp_path / "database", only_backup() / "database")

        assert "2 files" in manage("restore", only_backup().name, "--into", url, *again)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "--to", "/etc/passwd"], "/etc/passwd: .*; it is no directory: name one"),
        (["backup", "--keep-days", "-5"], "--keep-days: -5 is no number of days"),
        (["restore_check", "/mnt/none/20261120T030000Z-3f2a"], "3f2a: there is no backup, or not all of it"),
        (["restore_check", "--server", "nonsense"], "--server: give a URL such as postgresql://"),
        (["restore_check", "--server", "postgresql://h:port/x"], "--server: give a URL such as postgresql://"),
        (
            ["restore", "yesterday", "--into", "x"],
            "yesterday is neither a backup nor the name of one in .*; the newest",
        ),
    ],
)
def test_a_mistake_is_explained(home, manage, arguments, said):
    manage("backup")
    with pytest.raises(CommandError, match=said):
        manage(*arguments)


def test_a_file_that_cannot_be_read_is_named(home, manage, monkeypatch, tmp_path):
    honest = Path.open

    def refuse(path: Path, *arguments):
        if path.name == "abcd.jpg":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return honest(path, *arguments)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        CommandError, match=r"media/texts/ab/abcd\.jpg: Permission denied; let the user of this process"
    ):
        manage("backup")


def _shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _remove(path: Path) -> None:
    path.unlink()


def test_a_damaged_backup_fails_the_check(home, manage, only_backup, tmp_path):
    manage("backup")
    sound = only_backup()
    manage("restore_check", sound)
    for damage, part in itertools.product([_shorten, _flip_a_bit, _remove], ["database", "media", "manifest"]):
        copy = shutil.copytree(sound, tmp_path / damage.__name__ / part)
        damage(copy / part)
        with pytest.raises(CommandError, match=r"FAIL  .*/" + part + "|/manifest: it does not open|there is no backup"):
            manage("restore_check", copy)


def test_a_damaged_dump_leaves_the_database_empty(home, manage, only_backup):
    manage("backup")
    _shorten(only_backup() / "database")
    with empty_database("stays_empty") as url:
        with pytest.raises(CommandError, match="is damaged"):
            manage("restore", only_backup().name, "--into", url, "--without-media")
        with psycopg.connect(url) as restored:
            assert restored.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_file_of_another_backup_is_noticed(home, manage):
    manage("backup")
    manage("backup")
    first, second = sorted(path for path in home.iterdir() if path.name != "lock")
    shutil.copy(first / "media", second / "media")

    with pytest.raises(CommandError, match=r"FAIL.*media is damaged, or of another backup"):
        manage("restore_check", second.name)


def test_a_lost_key_fails_the_check(acme, home, manage, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    crypto._fernet.cache_clear()
    try:
        TwilioAccount.objects.update(auth_token=crypto.encrypt("hush-hush"))
        crypto_of_the_secret, settings.FIELD_ENCRYPTION_KEYS = (
            settings.FIELD_ENCRYPTION_KEYS[0],
            [Fernet.generate_key().decode()],
        )
        crypto._fernet.cache_clear()
        manage("backup")
        with pytest.raises(CommandError, match=r"FAIL  1 secrets, of tenants\.TwilioAccount\.auth_token first"):
            manage("restore_check")
        settings.FIELD_ENCRYPTION_KEYS = [crypto_of_the_secret]
        crypto._fernet.cache_clear()
        with pytest.raises(CommandError, match="it does not open"):
            manage("restore_check")
    finally:
        crypto._fernet.cache_clear()


def test_a_file_that_a_row_names_and_nobody_has_fails_the_check(acme, home, manage, settings):
    (Path(settings.MEDIA_ROOT) / "texts/ab/abcd.jpg").unlink()
    manage("backup")

    with pytest.raises(
        CommandError, match=r"FAIL  1 files of 1 that rows name are missing, such as texts/ab/abcd\.jpg"
    ):
        manage("restore_check")


def test_rows_that_come_while_the_dump_runs_are_not_in_it(acme, home, manage, monkeypatch):
    run = programs.run

    @contextmanager
    def late(*arguments, **options):
        Tenant.objects.create(name="Too late")
        with run(*arguments, **options) as running:
            yield running

    monkeypatch.setattr(programs, "run", late)
    manage("backup")
    monkeypatch.undo()
    manifest = archive.read_manifest(archive.find(None))

    assert (manifest.rows["tenants_tenant"], Tenant.objects.count()) == (1, 2)


def test_migrations_that_this_code_does_not_know_fail_the_check(home, manage):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('sms', '0999_future', now())")
    try:
        manage("backup")
        with pytest.raises(CommandError, match=r"FAIL  this code does not know sms\.0999_future"):
            manage("restore_check")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '0999_future'")


def test_each_run_leaves_a_row(acme, home, manage, settings):
    manage("backup")
    settings.BACKUP_DIR = "/proc/nowhere"
    with pytest.raises(CommandError, match="/proc/nowhere: "):
        manage("backup")
    failed, good = Backup.objects.order_by("-pk")

    assert (good.error, good.name in os.listdir(home), good.size > 10_000) == ("", True, True)
    assert failed.error.startswith("/proc/nowhere: ")
