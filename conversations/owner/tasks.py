"""What this app does when something happened below it."""

from conversations.owner import services, telling
from nevermisscall.outbox.facts import subscribe
from nevermisscall.outbox.models import Fact


@subscribe("sms.owner_message_received", name="owner.receive_text")
def receive_text(fact: Fact) -> None:
    """Pass it on to the customer, or obey it."""
    services.receive_text(message_id=fact.data["message_id"])


@subscribe("message.delivery_failed", name="owner.explain_undelivered")
def explain_undelivered(fact: Fact) -> None:
    """Tell whoever answers the customer that a text did not arrive."""
    telling.explain_undelivered(message_id=fact.data["message_id"])


@subscribe("appointment.requested", name="owner.ask_about_visit")
def ask_about_visit(fact: Fact) -> None:
    """Ask the owner whether they come."""
    telling.ask_about_visit(appointment_id=fact.data["appointment_id"])
