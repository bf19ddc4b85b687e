"""A process that ends, or loses the database, at its nth statement."""

from collections.abc import Callable
from typing import Any

from django.db import OperationalError


class Killed(BaseException):
    """The process ended here, whatever it was doing."""


class FailsAt:
    """Raises in place of a process's nth statement; of a process that ended only the database rolls back."""

    def __init__(self, statement: int, error: BaseException) -> None:
        self.left, self.error, self.happened = statement, error, False

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if not sql.startswith(("ROLLBACK", "RELEASE")):
            self.left -= 1
            if self.left <= 0:
                self.happened = True
                raise self.error
        return execute(sql, *args)


def lost_connection() -> OperationalError:
    return OperationalError("the connection is lost")
