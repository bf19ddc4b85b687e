"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sms.models import Message


@dataclass(frozen=True)
class MessageDeliveryFailed:
    """A text did not and will not reach its person. Published once for each message."""

    topic: ClassVar[str] = "message.delivery_failed"
    message: Message

    @property
    def tenant_id(self) -> int:
        return self.message.tenant_id

    @property
    def aggregate(self) -> str:
        return f"message:{self.message.pk}"

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
