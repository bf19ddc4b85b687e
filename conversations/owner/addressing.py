"""Which conversation an owner's text is for. Never guessed: where it is not plain, all that it may be are returned."""

from datetime import datetime, timedelta

from conversations.models import Alert, Conversation, ConversationQuerySet
from conversations.owner.models import OwnerText
from conversations.owner.reading import Command
from conversations.threads import REOPENS_WITHIN
from nevermisscall.lib.clock import utcnow
from sms.models import Status

AT_ONCE = timedelta(minutes=30)  # of two customers whom the owner heard of within this time, either may be meant
LOOKED_AT = 50  # newest alerts, and newest texts of the owner

_NEVER_SEEN = (Status.QUEUED, Status.CANCELED, Status.EXPIRED)


def by_handle(tenant_id: int, handle: int) -> Conversation | None:
    """Return the conversation with this number if the customer can still be written to in it.

    Where it is over and the customer has a newer one, that one: the person is the same.
    """
    known = _all(tenant_id).filter(pk=handle).first()
    found = newest_of(known) if known else None
    return found if found and _is_reachable(found) else None


def by_context(text: OwnerText, command: Command | None) -> list[Conversation]:
    """Return the conversation that a text without a number is for, or all that it may be for, likeliest first.

    It is the one that this phone last heard of, by an alert from the number it texts, or last wrote to. Another one
    may be meant as well if it alerted the phone within half an hour before that and is not over; unless the phone's
    owner is in the middle of the one and of no other.
    """
    in_hand = list(_all(text.tenant_id).filter(relay_to=text.phone))
    if command == Command.AI and len(in_hand) == 1:
        return in_hand  # only what one has can be handed back
    alerted = _alerted(text)
    known = _last_contacts(alerted, _written_to(text))
    rows = [row for row in _all(text.tenant_id).filter(pk__in=known) if _is_reachable(row)]
    if not rows:
        return []
    last, *others = sorted(rows, key=lambda row: known[row.pk], reverse=True)
    if in_hand != [last]:
        since = known[last.pk] - AT_ONCE
        also = [row for row in others if _is_open(row) and row.pk in alerted and alerted[row.pk] > since]
    else:
        also = []
    return list(dict.fromkeys(newest_of(row) for row in [last, *also]))


def newest_of(conversation: Conversation) -> Conversation:
    """Return the customer's open conversation if this one is over and there is one."""
    if _is_open(conversation):
        return conversation
    newer = _all(conversation.tenant_id).open()
    same = newer.filter(phone_number_id=conversation.phone_number_id, customer_phone=conversation.customer_phone)
    return same.first() or conversation


def in_the_inbox(tenant_id: int) -> list[Conversation]:
    """Return the open conversations, the liveliest first."""
    return list(_all(tenant_id).open().order_by("-last_activity", "-pk"))


def _all(tenant_id: int) -> ConversationQuerySet:
    return Conversation.objects.filter(tenant_id=tenant_id).select_related("tenant", "contact", "last_customer_message")


def _alerted(text: OwnerText) -> dict[int, datetime]:
    """Return when each conversation last alerted this phone. An alert that waits to be sent was seen by nobody."""
    alerts = Alert.objects.filter(
        to_number=text.phone,
        conversation__tenant_id=text.tenant_id,
        message__phone_number_id=text.message.phone_number_id,
    ).exclude(message__status__in=_NEVER_SEEN)
    newest = alerts.order_by("-created_at").values_list("conversation_id", "created_at")[:LOOKED_AT]
    return dict(reversed(list(newest)))


def _written_to(text: OwnerText) -> dict[int, datetime]:
    """Return when this phone last wrote to each conversation, or took it."""
    texts = OwnerText.objects.filter(
        tenant_id=text.tenant_id,
        phone=text.phone,
        message__phone_number_id=text.message.phone_number_id,
        state=OwnerText.State.DONE,
        command__in=["", Command.TAKE],
        conversation__isnull=False,
    )
    newest = texts.order_by("-created_at").values_list("conversation_id", "settled_at")[:LOOKED_AT]
    return {pk: at for pk, at in reversed(list(newest)) if pk and at}


def _last_contacts(*several: dict[int, datetime]) -> dict[int, datetime]:
    return {pk: max(times[pk] for times in several if pk in times) for pk in {pk for times in several for pk in times}}


def _is_open(conversation: Conversation) -> bool:
    return conversation.status != Conversation.Status.COMPLETED


def _is_reachable(conversation: Conversation) -> bool:
    ended = conversation.completed_at
    return _is_open(conversation) or (ended is not None and utcnow() - ended < REOPENS_WITHIN)
