"""gunicorn: threads, because a webhook waits for PostgreSQL and little else (docs/performance.md)."""

import os

_production = os.environ.get("DJANGO_ENV") == "production"

_address = "0.0.0.0" if _production else "127.0.0.1"  # noqa: S104 - in production a proxy is in front

bind = f"{_address}:{os.environ.get('PORT', '3701')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
keepalive = 30  # Seconds; longer than a proxy's own, or it meets a closing connection.
graceful_timeout = 30  # Seconds; no request is cut at a restart.
accesslog = None  # RequestLogMiddleware writes one line for each request.
control_socket_disable = True  # Its default path is one per user: two copies would fight over it.


def post_worker_init(worker: object) -> None:
    """Let each process hear of routing changes and write how long webhooks took. No thread survives the fork."""
    from nevermisscall.webhooks import timing
    from tenants import routing

    routing.table.listen()
    timing.start()
