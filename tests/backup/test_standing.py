"""Backups are taken daily where BACKUP_DIR is set, old ones go, and somebody notices when none are."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as loaded
from django.core.management import CommandError

from nevermisscall import health
from nevermisscall.backup import archive, programs, standing, taking, tasks
from nevermisscall.backup.errors import BackupError, Busy
from nevermisscall.backup.models import Backup
from nevermisscall.backup.programs import Database
from nevermisscall.lib.clock import utcnow
from nevermisscall.metrics import views
from nevermisscall.status.models import ServiceState

SERVER = Database(dsn="", password="", server_major=18)


def taken(hours_ago: float, **fields) -> Backup:
    at = utcnow() - timedelta(hours=hours_ago)
    return Backup.objects.create(**{"name": "b", "host": "h", "taken_at": at, "ended_at": at, **fields})


def test_one_that_went_elsewhere_does_not_stand_in_for_the_daily_one(db, settings, tmp_path):
    settings.BACKUP_DIR = str(tmp_path)
    taken(1, elsewhere=True)
    taken(0.5, elsewhere=True, error="No space left on device")

    assert standing.is_due()
    assert standing.trouble() == "none was taken yet"


@pytest.fixture
def failing(monkeypatch):
    """Let every backup fail."""

    def fail(*_):
        raise BackupError("/mnt/backups: No space left on device; make room there.")

    monkeypatch.setattr(taking, "_take", fail)


def test_without_a_directory_nobody_takes_or_misses_any(db, client):
    assert not [name for name in loaded.CELERY_BEAT_SCHEDULE if "backup" in name]
    assert standing.trouble() == ""


@pytest.mark.parametrize(
    ("hours_ago", "due", "trouble"),
    [
        (1, False, ""),
        (23.9, False, ""),
        (24.1, True, ""),
        (25.9, True, ""),
        (30, True, "the newest was taken 30 h ago"),
    ],
)
def test_one_is_due_after_a_day_and_missed_after_26_hours(db, home, hours_ago, due, trouble):
    taken(40)
    taken(hours_ago)
    taken(0.5, error="", taken_at=utcnow() - timedelta(hours=hours_ago))

    assert (standing.is_due(), standing.trouble()) == (due, trouble)


def test_one_that_failed_does_not_count_and_is_tried_again_an_hour_later(db, home):
    taken(30)
    failed = taken(0.5, error="disk full")
    assert (standing.is_due(), standing.trouble()) == (False, "the newest was taken 30 h ago")

    Backup.objects.filter(pk=failed.pk).update(ended_at=utcnow() - timedelta(minutes=61))
    assert standing.is_due()


def test_a_failed_one_shows_on_health_and_in_the_metrics(db, home, failing, client):
    taken(30, size=4_000_000, seconds=1.5)
    assert tasks.daily() == ""
    views.kept.forget()

    assert Backup.objects.latest("ended_at").error.startswith("/mnt/backups: No space left")
    assert ServiceState.objects.get(name="backup").state == "degraded"
    assert health._read_rows()["backup"] == {"status": "degraded", "detail": "the newest was taken 30 h ago"}
    figures = client.get("/metrics").json()["backup"]
    assert figures == {"age_seconds": pytest.approx(108_000, abs=60), "bytes": 4_000_000, "took_seconds": 1.5}


def test_a_command_that_does_not_know_where_to_is_no_trouble(db, settings):
    settings.BACKUP_DIR = ""
    with pytest.raises(BackupError, match=r"BACKUP_DIR: nobody said where backups are\. Set it, or give --to"):
        taking.take()
    with pytest.raises(BackupError, match="or give --from"):
        archive.find(None)

    assert not Backup.objects.exists()
    assert "backup" not in health._read_rows()


def test_somebody_elses_backup_is_no_failure(db, home, monkeypatch):
    def busy(*_):
        raise Busy("Another backup is being taken.")

    monkeypatch.setattr(taking, "_take", busy)

    assert tasks.daily() == ""
    assert not Backup.objects.exists()


def test_two_at_a_time_do_not_go_into_one_directory(home):
    with archive.held(home), pytest.raises(Busy, match="another backup is being taken"), archive.held(home):
        pass


def make(home, taken_at: datetime) -> str:
    draft = archive.Draft(home, taken_at)
    return draft.finish(archive.Manifest(name=draft.name, taken_at=taken_at, product="1", server="18")).name


def test_old_ones_go_but_never_the_newest_and_never_what_is_not_ours(home):
    home.mkdir()
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    oldest, old, kept, newest = (make(home, now - timedelta(days=days)) for days in (40, 31, 29, 0))
    (home / "before-the-move").mkdir()
    (home / "before-the-move" / "manifest").touch()

    assert archive.prune(home, keep_days=30, now=now) == [oldest, old]
    assert sorted(path.name for path in home.iterdir()) == [kept, newest, "before-the-move"]
    assert archive.prune(home, keep_days=30, now=now + timedelta(days=400)) == [kept]


def test_what_a_crash_left_is_no_backup_and_goes(home):
    home.mkdir()
    archive.Draft(home, datetime(2026, 11, 20, 3, tzinfo=UTC))
    with pytest.raises(BackupError, match="holds no complete backup"):
        archive.find(None)
    with archive.held(home):
        assert [path.name for path in home.iterdir()] == ["lock"]


@pytest.fixture
def path(monkeypatch, tmp_path):
    """A PATH with one directory, where programs of any version can be put."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_of_the_wheel", list)

    def put(name: str, major: int) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {major}.4'\n")
        (tmp_path / name).chmod(0o755)

    return put


def test_a_missing_pg_dump_is_named_with_the_remedy(path):
    with pytest.raises(BackupError, match=r"pg_dump: it is not on PATH.*Install .*postgresql-client-18"):
        programs.find("pg_dump", SERVER)


def test_a_pg_dump_older_than_the_server_is_refused(path, tmp_path):
    path("pg_dump", 15)
    with pytest.raises(BackupError, match=r"pg_dump is of version 15, older than the server, which is PostgreSQL 18"):
        programs.find("pg_dump", SERVER)
    path("pg_dump", 18)
    assert programs.find("pg_dump", SERVER) == tmp_path / "pg_dump"


def test_without_a_directory_the_command_says_what_to_give(manage, settings, db):
    settings.BACKUP_DIR = ""
    with pytest.raises(CommandError, match=r"BACKUP_DIR: .* give --to DIRECTORY"):
        manage("backup")
