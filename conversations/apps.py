"""Conversations with customers."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from conversations import tasks  # noqa: F401 - subscribes on import
