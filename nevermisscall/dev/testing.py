"""One PostgreSQL and one Redis for a test session, shared by its workers.

`tests/conftest.py` calls `provide_test_services()` at its top and sets DJANGO_SETTINGS_MODULE after that. Were that
in pytest's ini file, pytest-django would load the settings before any conftest.
"""

import atexit
import contextlib
import os
import tempfile
import time
from pathlib import Path

from nevermisscall.dev.embedded import EmbeddedServices
from nevermisscall.dev.processes import DevelopmentError, is_running

PREFIX = "nevermisscall-test-"
OWNER = "NEVERMISSCALL_TEST_SERVICES"  # pid of the process that started them; its children inherit the addresses
ENV_FILES = "NEVERMISSCALL_ENV_FILES"  # "0": the settings read neither `.env` nor what a running stack wrote down


def provide_test_services() -> None:
    """Set DATABASE_URL and REDIS_URL to servers that only this test session uses.

    Always its own, never the developer's: DATABASE_URL and REDIS_URL as found are ignored; TEST_DATABASE_URL and
    TEST_REDIS_URL name servers to use instead. pytest-xdist's workers inherit the controller's. They end with this
    process, however it ends, and their directory is deleted (after a SIGKILL: by the next session).
    """
    if is_running(int(os.environ.get(OWNER, "0"))):
        return
    chosen = {name: os.environ.get(f"TEST_{name}", "") for name in ("DATABASE_URL", "REDIS_URL")}
    wanted = EmbeddedServices(
        _directory(), durable=False, postgres=not chosen["DATABASE_URL"], redis=not chosen["REDIS_URL"]
    )
    atexit.register(wanted.remove)
    for name in chosen:
        os.environ.pop(f"{name}_FILE", None)
    os.environ[ENV_FILES] = "0"
    os.environ.update({**chosen, **wanted.start(), OWNER: str(os.getpid())})


def _directory() -> Path:
    temporary = Path(tempfile.gettempdir())
    for abandoned in temporary.glob(f"{PREFIX}*"):
        _remove_abandoned(abandoned)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    directory.chmod(0o711)  # PostgreSQL may run under another account than ours.
    return directory


def _remove_abandoned(directory: Path) -> None:
    """Delete what a SIGKILLed session left; a live one holds the lock, a starting one is younger than a minute."""
    with contextlib.suppress(OSError, DevelopmentError):
        found = directory.lstat()
        if found.st_uid == os.geteuid() and found.st_mtime < time.time() - 60:
            EmbeddedServices(directory).remove()
