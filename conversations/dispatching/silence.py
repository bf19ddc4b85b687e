"""A person took over and then said nothing: they are warned, and two minutes later the AI answers."""

from datetime import timedelta

from django.db import transaction

from conversations import alerts
from conversations.models import Conversation
from sms.models import Message

GRACE = timedelta(minutes=2)


def is_over(conversation: Conversation) -> bool:
    """Tell whether the person was warned since the customer began to wait."""
    warned = Message.objects.filter(tenant_id=conversation.tenant_id, idempotency_key=f"owner:{_key(conversation)}")
    return warned.exists()


@transaction.atomic
def warn(conversation: Conversation) -> timedelta | None:
    """Tell the person, or the owner, that the customer waits. Returns when the AI may answer.

    Nobody to tell: the AI does not take the conversation from a person who was not warned.
    """
    still = Conversation.objects.select_for_update().filter(pk=conversation.pk, fence=conversation.fence)
    if not still.exists():
        return None
    told = alerts.tell(conversation, template="owner_silence", key=_key(conversation), to_number=conversation.relay_to)
    return GRACE if told else None


def _key(conversation: Conversation) -> str:
    assert conversation.ai_timer_started_at is not None, "a turn is due because the customer has been waiting"
    return f"silence:{conversation.pk}:{conversation.ai_timer_started_at.timestamp()}"
