"""Calls to the business's own people."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "calls.alerts"
    label = "alerts"

    def ready(self) -> None:
        from calls.alerts import sending
        from nevermisscall.outbox import queues

        queues.register(sending.QUEUE)
