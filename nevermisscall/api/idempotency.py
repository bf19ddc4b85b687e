"""`Idempotency-Key`: a POST that was accepted once is answered the same way again, without doing it again.

The row and the work commit together, so there is no moment in which one exists without the other, however we die. A
refused or failed request leaves nothing, and its key is free for another try.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.db import OperationalError, connection, transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from psycopg.errors import LockNotAvailable
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from nevermisscall.api.errors import Conflict, Unprocessable
from nevermisscall.api.models import IdempotentRequest
from nevermisscall.api.views import ApiView
from nevermisscall.lib.clock import DatabaseClock

HEADER = "Idempotency-Key"
MAX_KEY = 255
PRINTABLE = "^[!-~]([ -~]*[!-~])?$"  # HTTP takes blanks off both ends
KEPT_HOURS = 24
WAIT_SECONDS = 2  # for a copy that is still at work

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Make a view's `post` honour the header. The handler runs in a transaction, so it does no network."""

    @functools.wraps(handler)
    def once(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not 0 < len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            raise ValidationError({HEADER: f"must be 1 to {MAX_KEY} printable ASCII characters"})
        path = request.path.removeprefix("/api").rstrip("/")
        request_hash = hashlib.sha256(json.dumps(request.data, sort_keys=True).encode()).hexdigest()
        with transaction.atomic():
            row_id = _insert(view.access.owner, path, key, request_hash)
            if row_id is None:
                return _stored(view.access.owner, path, key, request_hash)
            response = handler(view, request, *args, **kwargs)
            answer = JSONRenderer().render(response.data).decode()
            IdempotentRequest.objects.filter(pk=row_id).update(status_code=response.status_code, answer=answer)
            return response

    shown = OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": PRINTABLE},
        OpenApiParameter.HEADER,
        description="Makes a repeat safe: for a day it is done once.",
    )
    return cast(Handler, extend_schema(parameters=[shown])(once))


def forget_old() -> int:
    """Delete what is older than a day. Returns how many there were."""
    old = IdempotentRequest.objects.filter(created_at__lt=DatabaseClock() - timedelta(hours=KEPT_HOURS))
    return old.delete()[0]


def _insert(owner: str, path: str, key: str, request_hash: str) -> int | None:
    """Return the id of a new row, or None if there is one. A copy waits here for the first one's commit."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
        try:
            cursor.execute(
                """
                INSERT INTO api_idempotentrequest AS kept
                    (owner, path, key, request_hash, status_code, answer, created_at)
                VALUES (%s, %s, %s, %s, 0, '', clock_timestamp())
                ON CONFLICT (owner, path, key) DO UPDATE
                    SET request_hash = excluded.request_hash, created_at = excluded.created_at
                    WHERE kept.created_at < clock_timestamp() - make_interval(hours => %s)
                RETURNING id
                """,
                [owner, path[:200], key, request_hash, KEPT_HOURS],
            )
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise Conflict(
                    f"a request with this {HEADER} is still at work; ask again", code="idempotent_request_running"
                ) from error
            raise
        row = cursor.fetchone()
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    return row[0] if row else None


def _stored(owner: str, path: str, key: str, request_hash: str) -> Response:
    first = IdempotentRequest.objects.get(owner=owner, path=path[:200], key=key)
    if first.request_hash != request_hash:
        raise Unprocessable(
            f"this {HEADER} was used with another body; a new request needs a new key", code="idempotency_key_reused"
        )
    return Response(json.loads(first.answer), status=first.status_code, headers={"Idempotency-Replayed": "true"})
