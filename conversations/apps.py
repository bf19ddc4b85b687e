"""Conversations with customers."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from conversations import (
            late_news,
            ownership,
            tasks,  # noqa: F401 - subscribes on import
        )
        from nevermisscall.outbox import queues
        from sms import vetoes
        from sms.models import Message

        queues.register(late_news.QUEUE)
        vetoes.ask(Message.SenderType.AI, ownership.ai_text_is_wanted)
