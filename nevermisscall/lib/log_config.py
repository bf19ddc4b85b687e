"""How logging is set up. Apart from `lib/logs.py`, since the settings cannot import what needs settings."""

from typing import Any


def log_config(level: str, *, as_json: bool) -> dict[str, Any]:
    """Return the value of Django's LOGGING: every line to standard error, JSON or for people."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "nevermisscall.lib.logs.ContextFilter"}},
        "formatters": {
            "json": {"()": "nevermisscall.lib.logs.JsonFormatter"},
            "text": {"()": "nevermisscall.lib.logs.TextFormatter"},
        },
        "handlers": {
            "stream": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "text",
                "filters": ["context"],
            },
        },
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {
            # Its INFO lines hold URLs with phone numbers in them.
            "twilio.http_client": {"level": "WARNING"},
            # It logs one line for each 4xx; the request log has that line already.
            "django.request": {"level": "ERROR"},
            **{name: {"level": "WARNING"} for name in ("celery.app.trace", "celery.worker.strategy")},
            # With LOG_LEVEL=DEBUG these would write down whole requests to a model.
            **{name: {"level": "WARNING"} for name in ("anthropic", "openai", "httpx2", "httpcore2")},
        },
    }
