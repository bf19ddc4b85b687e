"""The one reader of the process environment.

`FileAwareEnv` also accepts `<NAME>_FILE` with the path of a file that holds the value: a mounted secret.
A value that does not parse stops the start with the variable's name in the message.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

BASE_DIR = Path(__file__).resolve().parent.parent.parent


@contextmanager
def _naming(variable: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:
        raise ImproperlyConfigured(f"{variable}: {error}") from error


class _Variables(FileAwareMapping):  # type: ignore[misc]  # the package has no types
    def __getitem__(self, key: str) -> str:
        # Editors and `echo` end a secret's file with a newline; a token with one verifies no signature.
        return str(super().__getitem__(key)).rstrip("\r\n")


class Environment(environ.FileAwareEnv):  # type: ignore[misc]
    """django-environ, which says which variable it could not read."""

    ENVIRON = _Variables()

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        with _naming(var):
            return super().get_value(var, *args, **kwargs)

    def db_url(self, var: str, *args: Any, **kwargs: Any) -> Any:
        with _naming(var):
            return super().db_url(var, *args, **kwargs)


def open_environment() -> Environment:
    """Return the environment, completed (never overridden) by `.env` and by what a running `make run` wrote down.

    NEVERMISSCALL_ENV_FILES=0 leaves both files alone, as the tests do.
    """
    reader = Environment()
    if not reader.bool("NEVERMISSCALL_ENV_FILES", default=True):
        return reader
    for name in (".env", "var/run/stack.env"):
        path = BASE_DIR / name
        if path.is_file():
            reader.read_env(str(path), overwrite=False)
    return reader


def require(condition: object, variable: str, remedy: str) -> None:
    """Stop the start unless `condition` holds; the message names the variable and what to do."""
    if not condition:
        raise ImproperlyConfigured(f"{variable}: {remedy}")
