"""What this app does when something happened below it."""

from celery import shared_task

from calls import recency
from conversations import closing, receiving, text_back
from nevermisscall.outbox.facts import subscribe
from nevermisscall.outbox.models import Fact


@subscribe("call.missed", name="conversations.text_back")
def answer_missed_call(fact: Fact) -> None:
    """Text the caller."""
    call_id = fact.data["call_id"]
    text_back.answer_missed_call(call_id=call_id, is_recent=recency.is_recent(call_id=call_id))


@subscribe("call.answered", name="conversations.record_caller")
def record_caller(fact: Fact) -> None:
    """Note in the consent ledger that they called. A missed call notes it with its text-back."""
    text_back.record_caller(call_id=fact.data["call_id"])


@subscribe("sms.message_received", name="conversations.receive_message")
def receive_message(fact: Fact) -> None:
    """Put it into the customer's conversation."""
    receiving.receive_message(message_id=fact.data["message_id"])


@subscribe("sms.message_found", name="conversations.add_found")
def add_found(fact: Fact) -> None:
    """Make a text that was found at Twilio a line of the customer's conversation, if they have one."""
    receiving.add_found(message_id=fact.data["message_id"])


@subscribe("message.delivery_failed", name="conversations.explain_undelivered")
def explain_undelivered(fact: Fact) -> None:
    """Tell the owner whom to call back."""
    text_back.explain_undelivered(message_id=fact.data["message_id"])


@shared_task(name="conversations.close_quiet")
def close_quiet() -> int:
    """Hourly, by beat: end what nobody goes on with. Returns how many."""
    return closing.close_quiet()
