"""A directory for backups, files that customers texted, and the commands as an operator runs them."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.backends.base.base import NO_DB_ALIAS

from nevermisscall.backup import checking


@pytest.fixture
def home(settings, tmp_path) -> Path:
    """BACKUP_DIR, empty, and a MEDIA_ROOT with two files."""
    settings.BACKUP_DIR = str(tmp_path / "backups")
    settings.MEDIA_ROOT = str(tmp_path / "media")
    (tmp_path / "media" / "texts" / "ab").mkdir(parents=True)
    (tmp_path / "media" / "texts" / "ab" / "abcd.jpg").write_bytes(b"picture" * 1000)
    (tmp_path / "media" / "texts" / "ab" / "empty.txt").touch()
    return tmp_path / "backups"


@pytest.fixture
def manage(monkeypatch):
    """Run a command; return what it said."""
    # Django keeps tests from every database but their own, except for this name.
    monkeypatch.setattr(checking, "ALIAS", NO_DB_ALIAS)

    def run(name: str, *arguments: object) -> str:
        said = io.StringIO()
        try:
            call_command(name, *map(str, arguments), stdout=said)
        except CommandError as error:
            raise CommandError(f"{said.getvalue()}{error}") from error
        return said.getvalue()

    return run


@pytest.fixture
def only_backup(home):
    """Return the one complete backup."""

    def find() -> Path:
        [found] = [path for path in home.iterdir() if path.name != "lock"]
        return found

    return find
