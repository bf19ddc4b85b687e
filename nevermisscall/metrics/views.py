"""`/metrics`: JSON, or what Prometheus reads if `Accept` asks for that; `/metrics/prometheus` is always the latter."""

import hmac
import logging
import threading
from time import monotonic

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from nevermisscall.api import errors
from nevermisscall.lib.clock import utcnow
from nevermisscall.metrics import exposition
from nevermisscall.metrics.gathering import Figures, gather

KEPT_SECONDS = 2.0  # however often and by how many it is asked, the rows are counted no more often

logger = logging.getLogger(__name__)


class Kept:
    """The last figures, for two seconds. Those who ask while they are being counted wait for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._figures: dict[str, Figures] = {}
        self._at = ""
        self._until = 0.0

    def figures(self) -> tuple[dict[str, Figures], str]:
        """Return the figures and when they were counted."""
        with self._lock:
            if monotonic() >= self._until:
                self._at = utcnow().isoformat(timespec="seconds").replace("+00:00", "Z")
                self._figures = gather()
                self._until = monotonic() + KEPT_SECONDS
            return self._figures, self._at

    def forget(self) -> None:
        """Count anew when asked next."""
        self._until = 0.0


kept = Kept()


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """JSON, or the text format that `Accept` names."""
    return _answer(request, prometheus=False)


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, or OpenMetrics if `Accept` names it."""
    return _answer(request, prometheus=True)


def _answer(request: HttpRequest, *, prometheus: bool) -> HttpResponse:
    if not _may(request):
        refusal = errors.body("NOT_AUTHENTICATED", "give the token of METRICS_TOKEN: `Authorization: Bearer <token>`")
        return JsonResponse(refusal, status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        figures, at = kept.figures()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("metrics: the database does not answer", extra={"reason": type(error).__name__})
        return JsonResponse(errors.body("UNAVAILABLE", errors.NOT_NOW), status=503)
    accept = request.headers.get("Accept", "")
    no_store = {"Cache-Control": "no-store"}
    if "application/openmetrics-text" in accept:
        text = exposition.lines(figures, open_metrics=True)
        return HttpResponse(text, content_type=exposition.OPEN_METRICS, headers=no_store)
    if prometheus or "text/plain" in accept:
        return HttpResponse(exposition.lines(figures), content_type=exposition.TEXT, headers=no_store)
    return JsonResponse({"counted_at": at, **figures}, headers=no_store)


def _may(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return True
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
