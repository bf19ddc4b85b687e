"""Every error of the API in one shape: `{"error": {"code", "message", "fields"?, "request_id"}}`.

`code` is for programs and stays; `message` is for people and may change; `fields` says what is wrong with which field.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response

from nevermisscall.lib.logs import request_id
from nevermisscall.lib.refusals import Refusal

NO_SUCH_THING = "there is nothing here, or nothing that you may see"
OUR_FAULT = "something broke on our side; it is in our log under this request_id"
UNREADABLE = "this is no request that we can read"
NOT_NOW = "the database does not answer; try again"

# DRF's code → ours, where upper case alone would not say it well.
_CODES = {
    "invalid": "INVALID_REQUEST",
    "parse_error": "MALFORMED_JSON",
    "error": "INTERNAL_ERROR",
}

logger = logging.getLogger(__name__)


class Conflict(exceptions.APIException):
    """Something else is in the way right now."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Unprocessable(exceptions.APIException):
    """Each part of the request is right, but together they contradict each other."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unprocessable"


class TooLarge(exceptions.APIException):
    """More bytes than we read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"


class RateLimited(exceptions.APIException):
    """More requests than the key may make; `retry_after` is in whole seconds."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "rate_limited"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


def body(code: str, message: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    """Return an error as it is sent."""
    error: dict[str, Any] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    return {"error": {**error, "request_id": request_id()}}


def handle(error: Exception, _context: dict[str, Any]) -> Response:
    """Turn whatever a view raised into an answer. Nothing is left for Django's HTML pages."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(NO_SUCH_THING)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        fields = dict(_flatten("", error.detail))
        return Response(body("INVALID_REQUEST", "some fields are not right", fields), status=400)
    if isinstance(error, exceptions.APIException):
        return _known(error)
    if isinstance(error, Refusal):
        return Response(body(error.code.upper(), error.message), status=409)
    if isinstance(error, SuspiciousOperation):  # more fields or bytes than Django reads
        return Response(body("BAD_REQUEST", UNREADABLE), status=400)
    if isinstance(error, (OperationalError, InterfaceError)):
        logger.error("Database connection failed: request answered 503", exc_info=error)
        return Response(body("UNAVAILABLE", NOT_NOW), status=503, headers={"Retry-After": "1"})
    logger.error("request failed", exc_info=error)
    return Response(body("INTERNAL_ERROR", OUR_FAULT), status=500)


def _known(error: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    code = str(error.get_codes())
    return Response(body(_CODES.get(code, code.upper()), str(error.detail)), status=error.status_code, headers=headers)


def _flatten(name: str, detail: Any) -> Iterator[tuple[str, str]]:
    """Yield (field, what is wrong), nested fields with dots between and everything about one field in one line."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flatten(f"{name}.{key}" if name else str(key), value)
    elif isinstance(detail, list) and any(isinstance(item, (dict, list)) for item in detail):
        for position, item in enumerate(detail):
            yield from _flatten(f"{name}.{position}" if name else str(position), item)
    else:
        said = detail if isinstance(detail, list) else [detail]
        yield name or "non_field_errors", " ".join(map(str, said))


# -- outside of any view of ours: no such URL, a request Django itself refuses -----------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_page(request):
        return defaults.bad_request(request, exception)
    return JsonResponse(body("BAD_REQUEST", UNREADABLE), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_page(request):
        return defaults.permission_denied(request, exception)
    return JsonResponse(body("PERMISSION_DENIED", "you may not do this"), status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_page(request):
        return defaults.page_not_found(request, exception)
    return JsonResponse(body("NOT_FOUND", NO_SUCH_THING), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_page(request):
        return defaults.server_error(request)
    return JsonResponse(body("INTERNAL_ERROR", OUR_FAULT), status=500)


def _is_page(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/")
