"""What this app does when something happened elsewhere."""

from conversations.emergencies import services
from conversations.emergencies.models import Escalation
from conversations.models import Transition
from nevermisscall.outbox.facts import subscribe
from nevermisscall.outbox.models import Fact
from sms.models import Message


@subscribe("emergency.detected", name="emergencies.open")
def open_escalation(fact: Fact) -> None:
    """Begin to reach people."""
    services.open_escalation(
        conversation_id=fact.data["conversation_id"],
        kind=fact.data["kind"],
        detected_by=fact.data["detected_by"],
        detected_at=fact.occurred_at,
    )


@subscribe("alert_call.accepted", name="emergencies.accept")
def accept(fact: Fact) -> None:
    """They know, and have the conversation."""
    services.accept(alert_call_id=fact.data["alert_call_id"])


@subscribe("alert_call.unanswered", name="emergencies.hurry")
def hurry(fact: Fact) -> None:
    """The next person, now."""
    services.hurry(alert_call_id=fact.data["alert_call_id"])


@subscribe("owner.acknowledged", name="emergencies.acknowledged")
def acknowledged(fact: Fact) -> None:
    """One of the business's people texted OK."""
    services.acknowledge(
        conversation_id=fact.data["conversation_id"],
        how=Escalation.How.TEXT,
        phone=fact.data["phone"],
        since=fact.occurred_at,
    )


@subscribe("conversation.user_taken", name="emergencies.taken")
def taken(fact: Fact) -> None:
    """Whoever takes the conversation knows of the emergency."""
    _seen(fact)


@subscribe("conversation.message_sent", name="emergencies.answered")
def answered(fact: Fact) -> None:
    """Whoever writes to the customer knows of it."""
    if fact.data["sender_type"] == Message.SenderType.USER:
        _seen(fact)


@subscribe("conversation.completed", name="emergencies.completed")
def completed(fact: Fact) -> None:
    """A person who ends the conversation knows of it; a customer who opts out, or the AI, ends no alarm."""
    if fact.data.get("actor") == Transition.Actor.USER:
        _seen(fact, Escalation.How.DONE)


def _seen(fact: Fact, how: str = Escalation.How.TAKEOVER) -> None:
    services.acknowledge(
        conversation_id=fact.data["conversation_id"],
        how=how,
        user_id=fact.data["user_id"],
        since=fact.occurred_at,
    )
