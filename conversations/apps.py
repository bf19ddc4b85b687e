"""Conversations with customers."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from conversations import (
            ownership,
            tasks,  # noqa: F401 - subscribes on import
        )
        from sms import vetoes
        from sms.models import Message

        vetoes.ask(Message.SenderType.AI, ownership.ai_text_is_wanted)
