"""Where a running stack is, and `var/run/stack.env`, by which the settings and the demo in another terminal find it."""

import fcntl
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

import environ

from nevermisscall.dev.processes import DevelopmentError, free_port, is_free
from nevermisscall.lib.env import BASE_DIR

VAR = BASE_DIR / "var"
RUN = VAR / "run"
STACK_FILE = RUN / "stack.env"
SERVICES = VAR / "services"
DEMO_FILE = RUN / "demo.json"  # the demo business and the admin's login, 0600

WEB_PORT = 3701
EMULATOR_PORT = 3702
# Always the same, so that rows of yesterday's run belong to today's account.
EMULATOR_ACCOUNT_SID = "AC" + sha256(b"nevermisscall emulator").hexdigest()[:32]

SERVICE_VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
SERVICE_LABELS = {"postgres": "PostgreSQL", "redis": "Redis"}

DEMO_BUSINESS = "Ace Plumbing"
DEMO_NUMBER = "+15550001000"
DEMO_OWNER = "+15550002000"


def is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def read_dotenv() -> None:
    """Complete our environment from `.env`, as the settings do."""
    path = BASE_DIR / ".env"
    if path.is_file():
        environ.FileAwareEnv.read_env(str(path), overwrite=False)


def hold_stack() -> IO[bytes]:
    """Take this checkout for one stack and forget an earlier one that crashed. Raises DevelopmentError if it runs."""
    RUN.mkdir(parents=True, exist_ok=True)
    try:
        lock = (RUN / "lock").open("ab")
    except PermissionError:
        raise DevelopmentError(f"{RUN} belongs to another user: remove it, or run as that user.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        where = read_stack().get("PUBLIC_BASE_URL", "still starting")
        raise DevelopmentError(
            f"A stack of this checkout is already running ({where}): stop it first, or start the second one in another "
            "checkout."
        ) from None
    STACK_FILE.unlink(missing_ok=True)
    return lock


def read_stack() -> dict[str, str]:
    """Return what the running stack wrote down; empty when none runs."""
    try:
        lines = STACK_FILE.read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines)


def write_stack(values: Mapping[str, str]) -> None:
    """Write the addresses and secrets down, readable by this user only, all at once."""
    partial = STACK_FILE.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    partial.rename(STACK_FILE)


@dataclass(frozen=True)
class Ports:
    web: int
    emulator: int
    moved: tuple[str, ...]  # a remark for each default that was taken


def choose_ports() -> Ports:
    """Return PORT as set, or the default ports, or free ones where another copy has the defaults.

    Raises DevelopmentError when a PORT that was set is taken: links and webhooks elsewhere may point at it.
    """
    moved = []
    if chosen := os.environ.get("PORT", ""):
        web = int(chosen) if chosen.isdigit() else 0
        if not 0 < web < 65536:
            raise DevelopmentError(f"PORT is {chosen!r}: set it to a number from 1 to 65535.")
        if not is_free(web):
            raise DevelopmentError(f"PORT {web} is taken by another program: set PORT to a free one, or unset it.")
    else:
        web = WEB_PORT if is_free(WEB_PORT) else free_port()
        if web != WEB_PORT:
            moved.append(f"Port {WEB_PORT} is taken (another copy?): the web server is on {web}.")
    emulator = EMULATOR_PORT if is_free(EMULATOR_PORT) and web != EMULATOR_PORT else free_port()
    if emulator != EMULATOR_PORT:
        moved.append(f"Port {EMULATOR_PORT} is taken (another copy?): the emulator is on {emulator}.")
    return Ports(web, emulator, tuple(moved))


def addresses(ports: Ports) -> dict[str, str]:
    """Return the variables that tell every process where web and Twilio are: the emulator, unless an account is set."""
    values = {
        "PORT": str(ports.web),
        "PUBLIC_BASE_URL": (os.environ.get("PUBLIC_BASE_URL") or f"http://127.0.0.1:{ports.web}").rstrip("/"),
    }
    if not is_set("TWILIO_ACCOUNT_SID"):
        url = f"http://127.0.0.1:{ports.emulator}"
        values |= {
            "TWILIO_ACCOUNT_SID": EMULATOR_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "TWILIO_API_BASE_URL": url,
            "EMULATOR_URL": url,
        }
    return values


def emulator_options(env: Mapping[str, str]) -> list[str]:
    """Return the emulator's command line for `addresses`."""
    port = env["EMULATOR_URL"].rpartition(":")[2]
    return ["--port", port, "--account-sid", env["TWILIO_ACCOUNT_SID"], "--auth-token", env["TWILIO_AUTH_TOKEN"]]


def stack_secret() -> str:
    """Return the DJANGO_SECRET_KEY of the embedded database: made once, kept beside the rows it encrypts."""
    path = SERVICES / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()
