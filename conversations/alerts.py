"""Texts to the owner's phones about a conversation. Each is remembered: what they text back is meant for it."""

import logging
from collections.abc import Mapping

from conversations.models import Alert, Conversation
from nevermisscall.lib import phones
from nevermisscall.lib.clock import utcnow
from sms import services as sms_services
from sms.models import Message
from sms.services import TextRefused
from tenants import services as tenant_services
from tenants import texts
from tenants.compliance import Purpose
from tenants.models import OwnerNumber, PhoneNumber

WORDS_SHOWN = 400  # of a customer's text that is handed on

logger = logging.getLogger(__name__)


def tell(
    conversation: Conversation,
    *,
    template: str,
    key: str,
    values: Mapping[str, str] | None = None,
    to_number: str = "",
    is_emergency: bool = False,
    in_conversation: bool = False,
) -> Message | None:
    """Text the owner, or `to_number`, about a conversation, once for each `key`. Returns None if nobody can be told.

    Every template may use {business}, {handle} and {customer}. An owner who asked for quiet gets emergencies, and what
    belongs to a conversation that they are in (`in_conversation`): nobody else answers there.
    """
    tenant = conversation.tenant
    is_quiet = tenant.alerts_quiet_until is not None and utcnow() < tenant.alerts_quiet_until
    if is_quiet and not (is_emergency or in_conversation):
        logger.info("no alert: the owner asked for quiet", extra={"template": template})
        return None
    sender, owner = tenant_services.alert_numbers(tenant_id=tenant.pk)
    sender = _own_number(conversation) or sender
    phone = to_number or owner
    if sender is None or not phone:
        logger.error("an owner alert has no phone to go to: give the business an owner number")
        return None
    body = texts.render(
        tenant_id=tenant.pk,
        key=template,
        language=tenant.language,
        values={
            "business": tenant.name,
            "handle": str(conversation),
            "customer": customer_of(conversation),
            **(values or {}),
        },
    )
    try:
        message = sms_services.send_message(
            number=sender,
            to_number=phone,
            body=body[: sms_services.MAX_BODY],
            purpose=Purpose.EMERGENCY if is_emergency else Purpose.OWNER_ALERT,
            idempotency_key=f"owner:{key}",
        )
    except TextRefused as refusal:
        logger.error("the owner cannot be told by text", extra={"rule": refusal.verdict.rule})
        return None
    Alert.objects.get_or_create(message=message, defaults={"conversation": conversation, "to_number": phone})
    return message


def relay(conversation: Conversation, message: Message, *, to_number: str = "") -> Message | None:
    """Hand a customer's words on to the person who answers by text, or to the owner.

    A phone that is not one of the business's any more gets nothing: then it is the owner who is told.
    """
    theirs = OwnerNumber.objects.filter(tenant_id=conversation.tenant_id, number=to_number)
    to_number = to_number if theirs.exists() else ""
    return tell(
        conversation,
        template="owner_customer_wrote",
        key=f"relay:{message.pk}",
        values={"words": words_of(message)},
        to_number=to_number,
        in_conversation=bool(to_number),
    )


def words_of(message: Message) -> str:
    """Return a customer's text as it is shown in a text to the owner; pictures are counted."""
    words = message.body.strip()
    words = words if len(words) <= WORDS_SHOWN else f"{words[:WORDS_SHOWN].rstrip()}…"
    pictures = message.media.count()
    return f"{words} [{pictures} MMS]".strip() if pictures else words


def customer_of(conversation: Conversation) -> str:
    """Return the customer as the owner knows them: the name if there is one, and the number."""
    number = phones.national(conversation.customer_phone)
    return f"{conversation.contact.name} {number}".strip()


def _own_number(conversation: Conversation) -> PhoneNumber | None:
    """The number that the customer writes to, so that an answer to the alert comes to it as well."""
    own = PhoneNumber.objects.select_related("tenant", "account").filter(pk=conversation.phone_number_id)
    return own.filter(state=PhoneNumber.State.ACTIVE).first()
