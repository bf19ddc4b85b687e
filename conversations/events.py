"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from conversations.models import Conversation


@dataclass(frozen=True)
class ConversationCreated:
    """A conversation was opened, by a missed call. Published once for each."""

    topic: ClassVar[str] = "conversation.created"
    conversation: Conversation

    @property
    def tenant_id(self) -> int:
        return self.conversation.tenant_id

    @property
    def aggregate(self) -> str:
        return f"conversation:{self.conversation.pk}"

    def data(self) -> dict[str, Any]:
        return {
            "conversation_id": self.conversation.pk,
            "user_id": None,
            "customer_phone": self.conversation.customer_phone,
        }
