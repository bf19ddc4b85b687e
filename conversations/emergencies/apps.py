"""Emergencies, an extension of `conversations`."""

from django.apps import AppConfig


class EmergenciesConfig(AppConfig):
    name = "conversations.emergencies"
    label = "emergencies"

    def ready(self) -> None:
        from conversations.emergencies import services, tasks  # noqa: F401 - subscribes on import
        from nevermisscall.outbox import queues

        queues.register(services.QUEUE)
