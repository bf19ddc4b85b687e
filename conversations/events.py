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
            "user_id": self.conversation.user_id,
            "customer_phone": self.conversation.customer_phone,
        }


class ConversationCreated(ConversationFact):
    """A conversation was opened, by a missed call or a text. Published once for each."""

    topic = "conversation.created"


class AiTaken(ConversationFact):
    """The AI has the conversation: it answered first, or a person handed it back. Published with the change."""

    topic = "conversation.ai_taken"


@dataclass(frozen=True)
class UserTaken(ConversationFact):
    """A person has the conversation. Published with the change, also from one person to another."""

    topic: ClassVar[str] = "conversation.user_taken"
    reason: str

    def data(self) -> dict[str, Any]:
        return {**super().data(), "reason": self.reason}


class Released(ConversationFact):
    """A person handed the conversation back. Published with the change."""

    topic = "conversation.released"


@dataclass(frozen=True)
class Completed(ConversationFact):
    """The conversation is over. Published with the change; once more if it was reopened and ends again."""

    topic: ClassVar[str] = "conversation.completed"
    actor: str

    def data(self) -> dict[str, Any]:
        conversation = self.conversation
        return {
            **super().data(),
            "outcome": conversation.outcome,
            "summary": conversation.summary,
            "actor": self.actor,
        }


@dataclass(frozen=True)
class EmergencyDetected(ConversationFact):
    """The customer is in danger or great damage is under way. Published once for each conversation and opening."""

    topic: ClassVar[str] = "emergency.detected"
    kind: str
    detected_by: str

    def data(self) -> dict[str, Any]:
        conversation = self.conversation
        return {
            **super().data(),
            "message_id": conversation.last_customer_message_id,
            "kind": self.kind,
            "detected_by": self.detected_by,
        }


@dataclass(frozen=True)
class OwnerAcknowledged(ConversationFact):
    """One of the business's own people has seen the emergency and takes nothing over. Published for each OK or DONE."""

    topic: ClassVar[str] = "owner.acknowledged"
    phone: str

    def data(self) -> dict[str, Any]:
        return {**super().data(), "phone": self.phone}


@dataclass(frozen=True)
class TextFact(ConversationFact):
    """A text is part of the conversation."""

    message: Message

    def data(self) -> dict[str, Any]:
        message = self.message
        return {**super().data(), "message_id": message.pk, "message_sid": message.message_sid}


class MessageReceived(TextFact):
    """A customer's text is in the conversation. Published once for each text.

    `needs_answer` is false for STOP, START and HELP, which are no words to the business.
    """

    topic = "conversation.message_received"

    def data(self) -> dict[str, Any]:
        return {**super().data(), "needs_answer": self.message.taken_as == Message.TakenAs.CONVERSATION}


class MessageSent(TextFact):
    """A text to the customer was queued in the conversation: by a person, the AI or the system. Once for each."""

    topic = "conversation.message_sent"

    def data(self) -> dict[str, Any]:
        return {**super().data(), "sender_type": self.message.sender_type}
