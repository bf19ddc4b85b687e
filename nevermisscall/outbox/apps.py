"""The outbox app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "nevermisscall.outbox"
    label = "outbox"

    def ready(self) -> None:
        from nevermisscall.outbox import facts

        facts.register_queue()
