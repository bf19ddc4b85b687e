"""What the owner is told in answer to their text: short, and only where something was asked or went wrong."""

import logging
from datetime import timedelta

from django.db.models import QuerySet

from conversations import alerts
from conversations.models import Conversation
from conversations.owner.models import OwnerText
from nevermisscall.lib.clock import utcnow
from sms import services as sms_services
from sms.models import Message
from sms.services import TextRefused
from tenants import texts
from tenants.compliance import Purpose

# A machine at the other end would answer each of our answers.
MOST, WITHIN = 30, timedelta(minutes=10)
KEY = "owner-answer:"

logger = logging.getLogger(__name__)


def answer(text: OwnerText, template: str, conversation: Conversation | None = None, **values: str) -> None:
    """Text the owner back, once for each text and template, from the number they texted.

    Every template may use {business}, and with a `conversation` {handle} and {customer}.
    """
    tenant = text.tenant
    about = {}
    if conversation is not None:
        about = {"handle": str(conversation), "customer": alerts.customer_of(conversation)}
    if _is_endless(text):
        logger.warning("an owner's text is not answered: the phone got too many answers in a short time")
        return
    body = texts.render(
        tenant_id=tenant.pk,
        key=template,
        language=tenant.language,
        values={"business": tenant.name, **about, **values},
    )
    try:
        sms_services.send_message(
            number=text.message.sender,
            to_number=text.phone,
            body=body[: sms_services.MAX_BODY],
            purpose=Purpose.OWNER_ALERT,
            idempotency_key=f"{KEY}{template}:{text.message_id}",
        )
    except TextRefused as refusal:
        logger.error("the owner cannot be answered by text", extra={"rule": refusal.verdict.rule})


def was_answered(text: OwnerText, template: str, *, within: timedelta) -> bool:
    """Tell whether this phone got such an answer within that time."""
    return _answers(text, f"{KEY}{template}:", within).exists()


def _is_endless(text: OwnerText) -> bool:
    return _answers(text, KEY, WITHIN).count() >= MOST


def _answers(text: OwnerText, key: str, within: timedelta) -> QuerySet[Message]:
    return Message.objects.filter(
        tenant_id=text.tenant_id,
        to_number=text.phone,
        created_at__gt=utcnow() - within,
        idempotency_key__startswith=key,
    )
