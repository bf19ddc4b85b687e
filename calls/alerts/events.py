"""The facts this app publishes (docs/events.md). Inside the product only."""

from dataclasses import dataclass
from typing import Any, ClassVar

from calls.alerts.models import AlertCall


@dataclass(frozen=True)
class AlertCallFact:
    """An alert call came to something."""

    topic: ClassVar[str] = ""
    alert_call: AlertCall

    @property
    def tenant_id(self) -> int:
        return self.alert_call.tenant_id

    @property
    def aggregate(self) -> str:
        return f"alert_call:{self.alert_call.pk}"

    def data(self) -> dict[str, Any]:
        alert = self.alert_call
        return {
            "alert_call_id": alert.pk,
            "idempotency_key": alert.idempotency_key,
            "call_sid": alert.call_sid,
            "to": alert.to_number,
            "connect_to": alert.connect_to,
            "status": alert.status,
            "reason": alert.reason,
        }


class AlertCallAccepted(AlertCallFact):
    """The person pressed 1: they know. Published once, with that."""

    topic = "alert_call.accepted"


class AlertCallUnanswered(AlertCallFact):
    """The call ended, or could not be placed, and nobody pressed 1; `reason` says why. Published once."""

    topic = "alert_call.unanswered"
