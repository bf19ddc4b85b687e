"""How Celery uses Redis, and what beat asks of it. Nothing in it comes from the environment."""

from typing import Any

TRANSPORT_OPTIONS = {
    # The same values in every process: the scanner's own timeout decides when a lost task is put back.
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}

SCHEDULE: dict[str, Any] = {
    "forget Idempotency-Keys": {"task": "api.forget_idempotent_requests", "schedule": 3600.0},
    "forget how long webhooks took": {"task": "webhooks.forget_minutes", "schedule": 3600.0},
    "know every account that is to be reconciled": {"task": "reconciling.ensure", "schedule": 3600.0},
    "hold yesterday's calls against Twilio's": {"task": "reconciling.count_yesterday", "schedule": 3600.0},
    "end conversations that nobody goes on with": {"task": "conversations.close_quiet", "schedule": 3600.0},
}
