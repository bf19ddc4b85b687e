"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from conversations.emergencies.models import Escalation


@dataclass(frozen=True)
class EscalationFact:
    """Something became of an emergency."""

    topic: ClassVar[str] = ""
    escalation: Escalation

    @property
    def tenant_id(self) -> int:
        return self.escalation.conversation.tenant_id

    @property
    def aggregate(self) -> str:
        return f"conversation:{self.escalation.conversation_id}"

    def data(self) -> dict[str, Any]:
        escalation = self.escalation
        return {
            "conversation_id": escalation.conversation_id,
            "user_id": escalation.acknowledged_by_id,
            "customer_phone": escalation.conversation.customer_phone,
            "kind": escalation.kind,
            "how": escalation.acknowledged_how,
        }


class EmergencyAcknowledged(EscalationFact):
    """A person of the business knows of the emergency. Published once."""

    topic = "emergency.acknowledged"


class EmergencyUnanswered(EscalationFact):
    """Nobody acknowledged it though the whole ladder was climbed. Published once: an operator should act."""

    topic = "emergency.unanswered"
