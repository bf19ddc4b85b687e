"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sms.models import Message


@dataclass(frozen=True)
class MessageFact:
    """Something happened to a text."""

    topic: ClassVar[str] = ""
    message: Message

    @property
    def tenant_id(self) -> int | None:
        return self.message.tenant_id

    @property
    def aggregate(self) -> str:
        return f"message:{self.message.pk}"


@dataclass(frozen=True)
class MessageDeliveryFailed(MessageFact):
    """A text did not and will not reach its person. Published once for each message."""

    topic: ClassVar[str] = "message.delivery_failed"

    def data(self) -> dict[str, Any]:
        message = self.message
        return {
            "message_id": message.pk,
            "message_sid": message.message_sid,
            "from": message.from_number,
            "to": message.to_number,
            "purpose": message.purpose,
            "status": message.status,
            "error_code": message.error_code,
        }


@dataclass(frozen=True)
class InboundFact(MessageFact):
    """Somebody texted one of our numbers. Inside the product only; `conversation.message_received` is what others get.

    The words are not in it: they are in the row, which can be erased.
    """

    def data(self) -> dict[str, Any]:
        message = self.message
        return {
            "message_id": message.pk,
            "message_sid": message.message_sid,
            "from": message.from_number,
            "to": message.to_number,
            "taken_as": message.taken_as,
        }


class MessageFound(InboundFact):
    """A text that left one of our numbers is at Twilio, and nothing here knew of it. Published with the row."""

    topic = "sms.message_found"


class MessageReceived(InboundFact):
    """A customer texted: words or pictures, or STOP, START, HELP. Published with the row, once for each text."""

    topic = "sms.message_received"


class OwnerMessageReceived(InboundFact):
    """One of the business's own people texted its number from a known phone. Published with the row."""

    topic = "sms.owner_message_received"
