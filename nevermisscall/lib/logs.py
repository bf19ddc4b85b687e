"""Logs: a constant message plus fields, with the request id, tenant and SID bound once for each request or task.

Fields are SIDs and ids. Phone numbers and texts of customers never go into a log.
"""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase

_context: ContextVar[dict[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 - replaced, never changed
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "context"}
_QUIET_PATHS = ("/health", "/metrics", "/static/")
_SECRET_PATHS = ("/calendar/", "/media/")  # what follows lets anybody in who knows it
# PostgreSQL's second sentence about an error quotes the row that it refused, a customer's words and number in it.
_QUOTED = re.compile(
    r"^(?:DETAIL|CONTEXT): .*?(?=^\n(?:The above exception was|During handling of)|\Z)", re.MULTILINE | re.DOTALL
)

logger = logging.getLogger(__name__)


@contextmanager
def log_context(**fields: Any) -> Iterator[None]:
    """Add `fields` to every log line written inside the block, by this thread."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def bind(**fields: Any) -> None:
    """Add `fields` to the rest of the current request's or task's log lines."""
    _context.set({**_context.get(), **fields})


def request_id() -> str:
    """Return the id of the current request or task; empty outside of one."""
    return str(_context.get().get("request_id", ""))


class ContextFilter(logging.Filter):
    """Put the bound fields on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.context = _context.get()
        return True


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    return {**getattr(record, "context", {}), **extra}


def without_rows(text: str) -> str:
    """Return a traceback, or what an error says, without the rows that PostgreSQL quotes."""
    return _QUOTED.sub("", text).rstrip()


class _Formatter(logging.Formatter):
    def formatException(self, ei: Any) -> str:
        return without_rows(super().formatException(ei))


class JsonFormatter(_Formatter):
    """One JSON object for each line; a newline in a value stays escaped inside it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextFormatter(_Formatter):
    """The same for people: time, level, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        fields = " ".join(f"{key}={json.dumps(value, default=str)}" for key, value in _fields(record).items())
        line = f"{moment} {record.levelname.lower():7} {record.getMessage()} {fields}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _shown(path: str) -> str:
    return next((f"{secret}…" for secret in _SECRET_PATHS if path.startswith(secret)), path)


class RequestLogMiddleware:
    """Give each request an id and, when it is answered, one log line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        token = _context.set({"request_id": uuid.uuid4().hex})
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id()
            if not request.path.startswith(_QUIET_PATHS):
                logger.info(
                    "request",
                    extra={
                        "method": request.method,
                        "path": _shown(request.path),
                        "status": response.status_code,
                        "ms": round((time.perf_counter() - started) * 1000, 1),
                    },
                )
            return response
        finally:
            _context.reset(token)
