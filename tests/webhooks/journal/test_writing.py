"""The journal on disk: whose it is, how full it gets, what is said when it cannot be written."""

import os
import stat
import subprocess
import sys
import threading

import pytest
from django.core.checks import run_checks

from nevermisscall.lib.env import BASE_DIR
from nevermisscall.webhooks.journal import files, poison
from nevermisscall.webhooks.journal.figures import figures
from nevermisscall.webhooks.journal.files import JournalError
from nevermisscall.webhooks.journal.writing import Writer, writer
from tests.webhooks.journal.test_records import record


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_we_may_read_it(journaled):
    writer.append(record())
    [path] = files.waiting()

    assert (mode(files.home()), mode(files.home() / files.POISON), mode(path)) == (0o700, 0o700, 0o600)


def test_processes_and_times_have_files_of_their_own():
    other = Writer()
    for each in (writer, other, writer):
        each.append(record())
    writer.seal()
    writer.append(record())
    other.seal()

    assert len(files.waiting()) == 3
    assert files.waiting() == sorted(files.waiting())


def test_a_file_that_is_written_to_is_not_sealed():
    writer.append(record())
    [path] = files.waiting()
    assert not files.read(path).is_sealed
    assert [found.id for found in files.read(path).records] == ["request-0"]
    writer.seal()

    assert files.read(path).is_sealed


def test_threads_write_whole_records(journaled):
    threads = [threading.Thread(target=writer.append, args=[record(number)]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {found.id for found in journaled()} == {f"request-{number}" for number in range(20)}


def test_a_large_file_is_followed_by_another(monkeypatch):
    monkeypatch.setattr("nevermisscall.webhooks.journal.writing.SEAL_AT", 100)
    writer.append(record(1))
    writer.append(record(2))

    assert len(files.waiting()) == 2


def test_it_holds_no_more_than_it_may(settings, journaled):
    settings.JOURNAL_MAX_MEGABYTES = 0.002
    one = Writer()
    one.append(record(1))

    with pytest.raises(JournalError, match="JOURNAL_MAX_MEGABYTES"):
        one.append(record(2, form=bytes(1000)))
    assert [found.id for found in journaled()] == ["request-1"]


def test_what_was_set_aside_counts_too(settings):
    settings.JOURNAL_MAX_FILES = 1
    poison.set_aside(record())

    with pytest.raises(JournalError, match="JOURNAL_MAX_FILES"):
        Writer().append(record())


def test_a_full_disk_leaves_what_was_written_whole(monkeypatch, journaled):
    one = Writer()
    one.append(record(1))
    honest = os.write

    def half(handle, data):
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return honest(handle, data[: len(data) - 50])

    with monkeypatch.context() as patched:
        patched.setattr("nevermisscall.lib.safe_files.os.write", half)
        with pytest.raises(JournalError, match="No space left on device"):
            one.append(record(2))
    one.append(record(3))

    assert [found.id for found in journaled()] == ["request-1", "request-3"]


def test_a_full_disk_is_not_filled_with_empty_files(monkeypatch):
    def full(_handle, _data):
        raise OSError(28, "No space left on device")

    one = Writer()
    with monkeypatch.context() as patched:
        patched.setattr("nevermisscall.lib.safe_files.os.write", full)
        for _ in range(3):
            with pytest.raises(JournalError, match="No space left on device"):
                one.append(record())

    assert files.waiting() == []


def test_a_file_that_gets_no_name_costs_nothing_of_the_one_before(monkeypatch, journaled):
    """On a full disk there may be a place for a file but none for its second name."""

    def full(_path, _target):
        raise OSError(28, "No space left on device")

    one = Writer()
    one.append(record(1))
    one.seal()
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.rename", full)
        for _ in range(2):
            with pytest.raises(JournalError, match="No space left on device"):
                one.append(record(2))

    assert [found.id for found in journaled()] == ["request-1"]
    assert set(files.home().iterdir()) == {files.home() / files.POISON, *files.waiting()}


def test_a_disk_that_became_read_only_is_said_so(monkeypatch):
    def read_only(*_, **__):
        raise OSError(30, "Read-only file system")

    one = Writer()
    monkeypatch.setattr("nevermisscall.lib.safe_files.os.write", read_only)
    monkeypatch.setattr("pathlib.Path.unlink", read_only)
    for _ in range(2):
        with pytest.raises(JournalError, match="Read-only file system"):
            one.append(record())


def test_what_finds_no_place_to_be_set_aside_leaves_no_empty_files(monkeypatch):
    def full(_handle, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nevermisscall.lib.safe_files.os.write", full)
    for _ in range(3):
        with pytest.raises(OSError, match="No space left on device"):
            poison.set_aside(record())

    assert files.poison() == []


def test_figures_say_how_much_there_is():
    assert figures().waiting_files == 0
    writer.append(record())
    poison.set_aside(record())
    found = figures()

    assert (found.waiting_files, found.set_aside, found.database_is_away) == (1, 1, False)
    assert found.waiting_bytes > 100
    assert 0 <= found.oldest_seconds < 10


@pytest.fixture
def unwritable(settings, tmp_path):
    """A journal below something that is no directory; permissions would not stop root."""
    (tmp_path / "file").touch()
    settings.JOURNAL_DIR = str(tmp_path / "file" / "journal")
    return settings.JOURNAL_DIR


def test_the_check_names_an_unwritable_directory(unwritable):
    found = [
        error for error in run_checks(tags=["files"], include_deployment_checks=True) if error.id == "webhooks.E001"
    ]

    assert [error.msg.startswith("JOURNAL_DIR: ") for error in found] == [True]


def test_the_check_creates_nothing():
    assert run_checks(tags=["files"], include_deployment_checks=True) == []
    assert not files.home().exists()


def test_the_web_server_does_not_start_without_it(unwritable):
    command = [f"{os.path.dirname(sys.executable)}/gunicorn", "nevermisscall.wsgi", "-c", "ops/gunicorn.conf.py"]
    env = {**os.environ, "JOURNAL_DIR": unwritable, "PORT": "0"}
    done = subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, timeout=30)

    assert done.returncode != 0
    assert f"JOURNAL_DIR: {unwritable} cannot be written" in done.stderr
