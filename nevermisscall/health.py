"""Is this process alive, can it do its work, and how is everything that it needs?

`/health` answers within a second and a half whatever is frozen, and keeps its answer for a second, so anybody may poll
it. What it says holds no secret, no number and no text.
"""

import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from nevermisscall.backup import standing as backups
from nevermisscall.outbox import heartbeats
from nevermisscall.status.models import ServiceState
from sms import standing

DATABASE_SECONDS = 1.0
REDIS_CONNECT_SECONDS, REDIS_ANSWER_SECONDS = 0.15, 0.3
KEPT_SECONDS = 1.0
# Always in the answer; whoever uses one says how it does (`nevermisscall.status.services.report`).
OUTSIDE = ("dispatchbot_ai", "call_service", "salesforce", "speech")

OK, DEGRADED, DOWN = ServiceState.State.OK, ServiceState.State.DEGRADED, ServiceState.State.DOWN

Checks = dict[str, dict[str, Any]]

_UNKNOWN: Checks = {
    name: {"status": DEGRADED, "detail": "unknown: the database does not tell"}
    for name in ("twilio", *OUTSIDE, "workers")
}

logger = logging.getLogger(__name__)


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all. A supervisor restarts it otherwise."""
    return JsonResponse({"status": OK})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, else 503: a load balancer then prefers another process."""
    state = OK if _start(_select)(DATABASE_SECONDS) else DOWN
    return JsonResponse({"status": state, "services": {"database": state}}, status=503 if state == DOWN else 200)


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Everything: `down` (503) without the database, `degraded` when anything else is not ok, and why."""
    answer = kept.answer()
    return JsonResponse(answer, status=503 if answer["status"] == DOWN else 200, headers={"Cache-Control": "no-store"})


class _Kept:
    """The last answer, for a second. Those who ask while it is being made wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answer: dict[str, Any] = {}
        self._until = 0.0

    def answer(self) -> dict[str, Any]:
        with self._lock:
            if monotonic() >= self._until:
                self._answer = look()
                self._until = monotonic() + KEPT_SECONDS
            return self._answer


kept = _Kept()


def look() -> dict[str, Any]:
    """Look at everything now."""
    until = monotonic() + DATABASE_SECONDS
    answers = _start(_select, _read_rows)
    redis_check = _redis()
    answered = answers(until - monotonic())
    checks: Checks = {
        "database": {"status": OK} if answered else {"status": DOWN, "detail": "does not answer"},
        "redis": redis_check,
        **((answered and answers(until - monotonic())) or _UNKNOWN),
    }
    services = {name: check["status"] for name, check in checks.items()}
    all_ok = set(services.values()) == {OK}
    return {"status": (OK if all_ok else DEGRADED) if answered else DOWN, "services": services, "checks": checks}


def _redis() -> dict[str, Any]:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=REDIS_CONNECT_SECONDS,
            socket_timeout=REDIS_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return {"status": DEGRADED, "detail": "does not answer: work is found up to a second later, nothing is lost"}
    return {"status": OK}


def _read_rows() -> Checks:
    trouble = standing.trouble()
    checks: Checks = {"twilio": {"status": DEGRADED, "detail": trouble} if trouble else {"status": OK}}
    for name in OUTSIDE:
        checks[name] = {"status": OK, "detail": "not configured, or not used yet"}
    for row in ServiceState.objects.all():
        checks[row.name] = {"status": row.state, "since": row.since.isoformat(timespec="seconds")}
    if backup_trouble := backups.trouble():
        checks["backup"] = {"status": DEGRADED, "detail": backup_trouble}
    workers = heartbeats.alive().count()
    silence = f"none was heard of for {heartbeats.LOST_AFTER.seconds} s: work waits in rows"
    checks["workers"] = {"status": OK if workers else DOWN, "detail": f"{workers} alive" if workers else silence}
    return checks


def _select() -> bool:
    with connection.cursor() as cursor:
        # A table that a migration has locked must not keep one connection more each second.
        cursor.execute(f"SET statement_timeout = {int(DATABASE_SECONDS * 1000)}")
    return True


def _start(*queries: Callable[[], Any]) -> Callable[[float], Any]:
    """Run `queries` on a thread and a connection of their own. Each call of what it returns waits for the next answer.

    A frozen PostgreSQL keeps a connection open and silent, and nothing on our side would end that. So the thread is
    left behind: connecting ends with `connect_timeout`. The answer is None if there is none in so many seconds.
    """
    answers: SimpleQueue[Any] = SimpleQueue()

    def run() -> None:
        try:
            for query in queries:
                answers.put(query())
        except (DatabaseError, InterfaceError) as error:
            logger.warning("health: the database does not answer", extra={"reason": type(error).__name__})
            answers.put(None)
        finally:
            connection.close()

    def wait(seconds: float) -> Any:
        try:
            return answers.get(timeout=max(0.0, seconds))
        except Empty:
            return None

    threading.Thread(target=run, name="health", daemon=True).start()
    return wait
