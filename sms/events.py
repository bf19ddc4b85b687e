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


@dataclass(frozen=True)
class ServiceFact:
    """News about a Twilio account as a whole. It concerns the platform, so it has no tenant."""

    account_sid: str

    @property
    def tenant_id(self) -> None:
        return None

    @property
    def aggregate(self) -> str:
        return f"twilio:{self.account_sid}"

    def data(self) -> dict[str, Any]:
        return {"service": "twilio", "account_sid": self.account_sid}


class ServiceDegraded(ServiceFact):
    """Twilio refuses an account's credentials. Published when its first text is refused."""

    topic: ClassVar[str] = "service.degraded"


class ServiceRecovered(ServiceFact):
    """Twilio accepts the account again. Published with the first text it takes."""

    topic: ClassVar[str] = "service.recovered"
