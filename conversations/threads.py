"""Which conversation a call or a text belongs to, and its lines."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from calls.models import Call
from conversations.events import ConversationCreated, MessageSent
from conversations.models import Conversation, Entry
from nevermisscall.lib.clock import utcnow
from nevermisscall.outbox import facts
from sms.models import Message
from tenants.models import Contact, PhoneNumber

# A customer who writes again within this time goes on with what was completed; later they begin anew.
REOPENS_WITHIN = timedelta(hours=24)


def open_conversation(
    number: PhoneNumber, customer: str, *, call: Call | None = None, at: datetime | None = None
) -> Conversation:
    """Return the customer's open conversation, locked; a new one if there is none. `call` is the one that opens it."""
    at = at or utcnow()
    contact, _ = Contact.objects.get_or_create(tenant_id=number.tenant_id, number=customer)
    conversation, created = lock_open(number, customer).get_or_create(
        phone_number=number,
        customer_phone=customer,
        defaults={
            "tenant_id": number.tenant_id,
            "contact": contact,
            "call": call,
            "language": contact.language,
            "last_activity": at,
        },
    )
    if created:
        facts.publish(ConversationCreated(conversation))
    touch(conversation, at)
    return conversation


def lock_open(number: PhoneNumber, customer: str) -> QuerySet[Conversation]:
    """Return the customer's open conversation as a query that locks it."""
    return Conversation.objects.open().select_for_update().filter(phone_number=number, customer_phone=customer)


def lock_reopening(number: PhoneNumber, customer: str) -> Conversation | None:
    """Return the conversation that a text opens again, locked: the last one, if it was completed within a day."""
    if lock_open(number, customer).exists():
        return None
    ended = Conversation.objects.select_for_update().filter(
        phone_number=number, customer_phone=customer, completed_at__gt=utcnow() - REOPENS_WITHIN
    )
    return ended.order_by("-completed_at").first()


def sender_of(conversation: Conversation) -> PhoneNumber:
    """Return the number that the conversation goes on, ready for the gate."""
    return PhoneNumber.objects.select_related("tenant", "account").get(pk=conversation.phone_number_id)


@transaction.atomic
def add_sent(conversation: Conversation, message: Message) -> None:
    """Make a text to the customer a line of the conversation and publish it. Adding it again changes nothing."""
    _, is_new = Entry.objects.get_or_create(
        conversation=conversation, message=message, defaults={"created_at": message.created_at}
    )
    if is_new:
        touch(conversation, message.created_at)
        facts.publish(MessageSent(conversation, message))


def touch(conversation: Conversation, at: datetime) -> None:
    """Move the conversation up in the inbox."""
    conversation.last_activity = max(conversation.last_activity, at)
    conversation.save(update_fields=["last_activity"])
