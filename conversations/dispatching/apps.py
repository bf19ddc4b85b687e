"""The AI dispatcher at work, on top of `conversations`."""

from django.apps import AppConfig


class DispatchingConfig(AppConfig):
    name = "conversations.dispatching"
    label = "dispatching"

    def ready(self) -> None:
        from conversations.dispatching import turns
        from nevermisscall.outbox import queues

        queues.register(turns.QUEUE)
