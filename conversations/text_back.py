"""A missed call is answered by text; where it cannot be, the owner is told."""

import logging
from datetime import timedelta

from django.db import transaction

from calls import services as call_services
from calls.models import Call
from conversations import late_news, owner_calls, threads
from conversations.models import Conversation, Entry
from nevermisscall.lib import phones
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.twilio.errors import ERROR_CODES, Kind
from sms import services as sms_services
from sms.models import Message, Status
from sms.services import TextRefused
from tenants import consenting, texts
from tenants import services as tenant_services
from tenants.compliance import Purpose, Rule
from tenants.models import Consent, Contact, PhoneNumber

# A text that arrives later than this answers a call that nobody remembers; the owner is told instead.
TEXT_BACK_WITHIN = timedelta(minutes=15)

logger = logging.getLogger(__name__)


@transaction.atomic
def answer_missed_call(*, call_id: int, is_recent: bool = True) -> Message | None:
    """Text the caller of a missed call, once. Returns the queued text, or None where none is sent.

    None is sent to someone texted within the cooldown, nor where the gate refuses, the call is an old one
    (`calls.recency`) or was found in Twilio's list too late: then the owner is told instead.
    """
    if not call_services.claim_text_back(call_id=call_id):
        return None
    call = Call.objects.select_related("phone_number__tenant", "phone_number__account").get(pk=call_id)
    bind(call_sid=call.call_sid, tenant_id=call.tenant_id)
    number = call.phone_number
    assert number is not None, "a missed call has a number, or it would have been refused"
    key = f"missed-call:{call.call_sid}"
    if not is_recent:
        tell_owner(number=number, customer=call.from_number, rule="too_late", key=key)
        return None
    _record_caller(call)
    verdict = sms_services.may_send(number=number, to_number=call.from_number, purpose=Purpose.MISSED_CALL)
    if verdict.rule == Rule.BLOCKED:
        logger.info("no text-back and no alert: the caller is blocked")
        return None
    if call.came_too_late:
        late_news.note_call(call)
        return None
    if not verdict.allowed:
        tell_owner(number=number, customer=call.from_number, rule=verdict.rule, key=key)
        if verdict.rule == Rule.LANDLINE:
            owner_calls.call_owner(number=number, customer=call.from_number, key=key)
        return None
    conversation = threads.open_conversation(number, call.from_number, call=call)
    Entry.objects.create(conversation=conversation, call=call)
    if _texted_recently(conversation, number):
        logger.info("no text-back: the same customer was texted within the cooldown")
        return None
    return _send_text_back(call, number, conversation)


@transaction.atomic
def tell_owner(*, number: PhoneNumber, customer: str, rule: str, key: str) -> Message | None:
    """Tell the owner by text that a caller could not be texted. Returns None if there is nobody to tell."""
    sender, owner = tenant_services.alert_numbers(tenant_id=number.tenant_id)
    if sender is None or not owner:
        logger.error("an owner alert has no phone to go to: give the business an owner number")
        return None
    body = texts.render(
        tenant_id=number.tenant_id,
        key="owner_missed_call",
        language=number.tenant.language,
        values={
            "business": number.tenant.name,
            "customer": _caller_name(customer, number.tenant.language),
            "reason": texts.reason(rule, number.tenant.language),
        },
    )
    try:
        return sms_services.send_message(
            number=sender, to_number=owner, body=body, purpose=Purpose.OWNER_ALERT, idempotency_key=f"owner:{key}"
        )
    except TextRefused as refusal:
        logger.error("the owner cannot be told by text", extra={"rule": refusal.verdict.rule})
        return None


@transaction.atomic
def explain_undelivered(*, message_id: int) -> None:
    """Tell the owner about a text-back that did not reach the caller, and why; ring them too if they asked for that."""
    message = Message.objects.select_related("phone_number__tenant").get(pk=message_id)
    if message.purpose != Purpose.MISSED_CALL:
        return
    rule, key = why_undelivered(message), f"undelivered:{message.pk}"
    tell_owner(number=message.sender, customer=message.to_number, rule=rule, key=key)
    owner_calls.call_owner(number=message.sender, customer=message.to_number, key=key)


def why_undelivered(message: Message) -> str:
    """Return the key of `texts.REASONS` that fits: what the gate said at last, or what Twilio or the carrier did."""
    if message.status == Status.CANCELED:
        return str(message.verdict["rule"])
    if message.status == Status.EXPIRED:
        return "too_late"
    known = ERROR_CODES.get(message.error_code or 0)
    reasons: dict[Kind, str] = {Kind.OPTED_OUT: Rule.OPTED_OUT, Kind.LANDLINE: Rule.LANDLINE}
    return reasons.get(known.kind, "undelivered") if known else "undelivered"


def record_caller(*, call_id: int) -> None:
    """Write down that somebody called, which allows an informational answer."""
    _record_caller(Call.objects.get(pk=call_id))


def _record_caller(call: Call) -> None:
    if call.tenant_id is None or phones.classify(call.from_number) != phones.CallerKind.TEXTABLE:
        return
    contact, _ = Contact.objects.get_or_create(tenant_id=call.tenant_id, number=call.from_number)
    consenting.record_contact(contact, source=Consent.Source.CALL, evidence=call.call_sid)


def _texted_recently(conversation: Conversation, number: PhoneNumber) -> bool:
    cooldown = timedelta(minutes=number.tenant.text_back_cooldown_minutes)
    texted = Message.objects.filter(
        tenant_id=number.tenant_id,
        to_number=conversation.customer_phone,
        purpose__in=[Purpose.MISSED_CALL, Purpose.FOUND],  # what was found at Twilio may have been a text-back
        created_at__gt=utcnow() - cooldown,
    )
    return texted.exclude(status__in=[Status.FAILED, Status.EXPIRED, Status.CANCELED]).exists()


def _send_text_back(call: Call, number: PhoneNumber, conversation: Conversation) -> Message:
    message = sms_services.send_message(
        number=number,
        to_number=conversation.customer_phone,
        body=texts.render(
            tenant_id=number.tenant_id,
            key="missed_call",
            language=conversation.contact.language or number.tenant.language,
            values={"business": number.tenant.name},
        ),
        purpose=Purpose.MISSED_CALL,
        idempotency_key=f"missed-call:{call.call_sid}",
        expires_at=(call.ended_at or call.started_at) + TEXT_BACK_WITHIN,
    )
    threads.add_sent(conversation, message)
    logger.info("text-back queued", extra={"message_id": message.pk})
    return message


def _caller_name(number: str, language: str) -> str:
    if phones.classify(number) == phones.CallerKind.WITHHELD:
        return "un número oculto" if language == "es" else "a withheld number"
    return phones.national(number)
