"""The owner's own phone, on top of `conversations`."""

from django.apps import AppConfig


class OwnerConfig(AppConfig):
    name = "conversations.owner"
    label = "owner"

    def ready(self) -> None:
        from conversations.owner import (
            relaying,
            tasks,  # noqa: F401 - subscribes on import
        )
        from nevermisscall.outbox import queues

        queues.register(relaying.QUEUE)
