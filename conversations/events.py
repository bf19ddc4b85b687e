"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from conversations.models import Conversation
from sms.models import Message


@dataclass(frozen=True)
class ConversationFact:
    """Something happened in a conversation."""

    topic: ClassVar[str] = ""
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


class ConversationCreated(ConversationFact):
    """A conversation was opened, by a missed call or a text. Published once for each."""

    topic = "conversation.created"


@dataclass(frozen=True)
class MessageReceived(ConversationFact):
    """A customer's text is in the conversation. Published once for each text.

    `needs_answer` is false for STOP, START and HELP, which are no words to the business.
    """

    topic: ClassVar[str] = "conversation.message_received"
    message: Message

    def data(self) -> dict[str, Any]:
        message = self.message
        return {
            **super().data(),
            "message_id": message.pk,
            "message_sid": message.message_sid,
            "needs_answer": message.taken_as == Message.TakenAs.CONVERSATION,
        }
