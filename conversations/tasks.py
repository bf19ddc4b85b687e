"""What this app does when something happened below it."""

from conversations import services
from nevermisscall.outbox.facts import subscribe
from nevermisscall.outbox.models import Fact


@subscribe("call.missed", name="conversations.text_back")
def text_back(fact: Fact) -> None:
    """Text the caller."""
    services.answer_missed_call(call_id=fact.data["call_id"])


@subscribe("message.delivery_failed", name="conversations.explain_undelivered")
def explain_undelivered(fact: Fact) -> None:
    """Tell the owner whom to call back."""
    services.explain_undelivered(message_id=fact.data["message_id"])
