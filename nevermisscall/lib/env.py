"""The one reader of the process environment.

`FileAwareEnv` also accepts `<NAME>_FILE` with the path of a file that holds the value: a mounted secret.
A value that does not parse stops the start with the variable's name in the message.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def open_environment() -> environ.FileAwareEnv:
    """Return the environment, completed (never overridden) by `.env` and by what a running `make run` wrote down."""
    reader = environ.FileAwareEnv()
    for name in (".env", "var/run/stack.env"):
        path = BASE_DIR / name
        if path.is_file():
            reader.read_env(str(path), overwrite=False)
    return reader


def require(condition: object, variable: str, remedy: str) -> None:
    """Stop the start unless `condition` holds; the message names the variable and what to do."""
    if not condition:
        raise ImproperlyConfigured(f"{variable}: {remedy}")
