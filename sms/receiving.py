"""What happens to a text from outside: kept first, then its wish as to texts is honoured, then it is handed on.

Nothing here answers a customer's words; `conversations` does, when it hears of `sms.message_received`. The only texts
that leave from here are the two a sender owes, where Twilio gives neither: the confirmation of an opt-out, which it
gives to keywords only, and the answer to HELP.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from nevermisscall.lib import phones
from nevermisscall.lib.clock import DatabaseClock, lag, utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.lib.segments import segments
from nevermisscall.outbox import doorbell, facts, queues
from sms import services
from sms.events import MessageReceived, OwnerMessageReceived
from sms.models import Message, MessageMedia, Status
from sms.services import TextRefused
from tenants import consenting, keywords, routing, texts
from tenants.compliance import Purpose
from tenants.keywords import Reading, Wish
from tenants.models import Consent, Contact, PhoneNumber

FETCH_QUEUE = "sms.fetch_media"
# Two machines that answer each other's HELP would never end.
HELP_AGAIN_AFTER = timedelta(minutes=10)
# A confirmation is expected within minutes; one that comes later is one text more to somebody who said stop.
OWED_WITHIN = timedelta(minutes=5)

TakenAs, SenderType = Message.TakenAs, Message.SenderType

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InboundMedia:
    """One file of a message. The SIDs are blank if its URL is not one of the account's own files at Twilio."""

    parent_sid: str
    media_sid: str
    content_type: str


@dataclass(frozen=True, slots=True)
class InboundText:
    """What the webhook says about one text."""

    message_sid: str
    account_sid: str
    from_number: str
    to_number: str
    body: str
    media: tuple[InboundMedia, ...]
    num_segments: int | None
    opt_out_type: str
    found_at: datetime | None = None  # if no webhook brought it: when it was found in Twilio's list


@transaction.atomic(savepoint=False)
def receive_text(text: InboundText) -> Message:
    """Keep one inbound text and do what follows from it. A text that is here already is returned as it is."""
    known = Message.objects.filter(message_sid=text.message_sid).first()
    if known is not None:
        return known
    route = routing.table.route(text.to_number)
    # A number is answered only for the account that owns it: another account's signature proves nothing about it.
    if route is None or route.account.account_sid != text.account_sid:
        logger.warning("text for a number that is not ours")
        return _keep(text, None, TakenAs.NO_BUSINESS)
    bind(tenant_id=route.tenant_id)
    refused = _not_from_a_customer(text, route)
    if refused is not None:
        return _keep(text, route, refused)
    reading = keywords.read(text.body, opt_out_type=text.opt_out_type)
    if text.from_number in route.known_phones:
        return _receive_from_owner(text, route, reading)
    return _receive_from_customer(text, route, reading)


def _not_from_a_customer(text: InboundText, route: routing.Route) -> str | None:
    if phones.classify(text.from_number) != phones.CallerKind.TEXTABLE:
        return TakenAs.NOT_A_PERSON
    # Of any business of ours: two of them answering each other would never end.
    ours = PhoneNumber.objects.exclude(state=PhoneNumber.State.RELEASED).filter(number=text.from_number)
    return TakenAs.OWN_NUMBER if ours.exists() else None


def _receive_from_owner(text: InboundText, route: routing.Route, reading: Reading) -> Message:
    """An owner who says STOP gets no more alerts, as Twilio would refuse them; their other words are for a customer."""
    taken = _opted(text, route, reading) if reading.wish != Wish.REVOKE else None
    if not route.is_active:
        return _keep(text, route, taken or TakenAs.NOT_ACTIVE, sender_type=SenderType.USER)
    message = _keep(text, route, taken or TakenAs.OWNER, sender_type=SenderType.USER)
    if message.taken_as == TakenAs.OWNER:
        facts.publish(OwnerMessageReceived(message))
    return message


def _receive_from_customer(text: InboundText, route: routing.Route, reading: Reading) -> Message:
    # Locked: of two texts at once, the second waits, so that the ledger and the thread keep their order.
    people = Contact.objects.select_for_update()
    contact, _ = people.get_or_create(tenant_id=route.tenant_id, number=text.from_number)
    taken = _opted(text, route, reading)
    if not route.is_active:
        return _keep(text, route, taken or TakenAs.NOT_ACTIVE)
    if contact.is_blocked:
        return _keep(text, route, taken or TakenAs.BLOCKED)
    if not text.body.strip() and not text.media:
        return _keep(text, route, TakenAs.EMPTY)
    if taken is None and reading.wish == Wish.HELP:
        taken = TakenAs.HELP
    if taken not in {TakenAs.STOP, TakenAs.REVOKE}:
        consenting.record_contact(contact, source=Consent.Source.TEXT, evidence=text.message_sid)
    message = _keep(text, route, taken or TakenAs.CONVERSATION)
    if taken == TakenAs.HELP and not (reading.answered or settings.TWILIO_ANSWERS_KEYWORDS):
        _answer_help(text, route, contact)
    facts.publish(MessageReceived(message))
    return message


def _opted(text: InboundText, route: routing.Route, reading: Reading) -> str | None:
    """Opt the sender out or in if that is what they say, and confirm what Twilio does not."""
    if reading.wish in {Wish.STOP, Wish.REVOKE}:
        in_own_words = reading.wish == Wish.REVOKE
        news = consenting.opt_out(
            tenant_id=route.tenant_id,
            number=text.from_number,
            source=Consent.Source.OWN_WORDS if in_own_words else Consent.Source.KEYWORD,
            evidence=text.message_sid,
        )
        if news and route.is_active and (in_own_words or not _stop_is_confirmed(text, reading)):
            _confirm(text, route, reading)
        return TakenAs.REVOKE if in_own_words else TakenAs.STOP
    if reading.wish not in {Wish.START, Wish.YES}:
        return None
    if reading.wish == Wish.YES and phones.classify(text.to_number) == phones.CallerKind.TOLL_FREE:
        return None  # there, only START opts in
    news = consenting.opt_in(
        tenant_id=route.tenant_id,
        number=text.from_number,
        source=Consent.Source.KEYWORD,
        evidence=text.message_sid,
        is_explicit=reading.wish == Wish.START,
    )
    return TakenAs.START if news or reading.wish == Wish.START else None


def _stop_is_confirmed(text: InboundText, reading: Reading) -> bool:
    """Whether Twilio, or the network of toll-free numbers, has answered a STOP."""
    to_toll_free = phones.classify(text.to_number) == phones.CallerKind.TOLL_FREE
    return reading.answered or settings.TWILIO_ANSWERS_KEYWORDS or to_toll_free


def _confirm(text: InboundText, route: routing.Route, reading: Reading) -> None:
    contact = Contact.objects.get(tenant_id=route.tenant_id, number=text.from_number)
    language = reading.language or contact.language or route.language
    _send_owed(route, text.from_number, "opted_out", language, key=f"opted-out:{text.message_sid}")


def _answer_help(text: InboundText, route: routing.Route, contact: Contact) -> None:
    recent = Message.objects.filter(
        tenant_id=route.tenant_id,
        to_number=text.from_number,
        created_at__gt=utcnow() - HELP_AGAIN_AFTER,
        idempotency_key__startswith="help:",
    )
    if not recent.exists():
        language = contact.language or route.language
        _send_owed(route, text.from_number, "help", language, key=f"help:{text.message_sid}")


def _send_owed(route: routing.Route, to_number: str, template: str, language: str, *, key: str) -> None:
    if lag() > OWED_WITHIN:
        logger.info("a text that is owed would come too late")
        return
    number = PhoneNumber.objects.select_related("tenant", "account").get(pk=route.number_id)
    values = {"business": number.tenant.name, "phone": phones.national(number.number)}
    body = texts.render(tenant_id=number.tenant_id, key=template, language=language, values=values)
    try:
        services.send_message(
            number=number,
            to_number=to_number,
            body=body,
            purpose=Purpose.CONFIRMATION,
            idempotency_key=key,
            expires_at=utcnow() + OWED_WITHIN,
        )
    except TextRefused as refusal:
        logger.warning("a text that is owed may not be sent", extra={"rule": refusal.verdict.rule})


def _keep(
    text: InboundText, route: routing.Route | None, taken_as: str, *, sender_type: str = SenderType.CUSTOMER
) -> Message:
    message = Message.objects.create(
        direction=Message.Direction.INBOUND,
        status=Status.RECEIVED,
        taken_as=taken_as,
        sender_type=sender_type,
        tenant_id=route.tenant_id if route else None,
        phone_number_id=route.number_id if route else None,
        message_sid=text.message_sid,
        idempotency_key=f"inbound:{text.message_sid}",
        from_number=text.from_number,
        to_number=text.to_number,
        body=text.body,
        num_segments=text.num_segments or segments(text.body),
        created_at=utcnow(),
        reconciled_at=text.found_at,
    )
    bind(message_id=message.pk, message_sid=text.message_sid)
    logger.info("text received", extra={"taken_as": taken_as, "media": len(text.media)})
    if route is not None and text.media:
        _keep_media(message, text)
    return message


def _keep_media(message: Message, text: InboundText) -> None:
    rows = MessageMedia.objects.bulk_create(
        _media(message, text.account_sid, position, media) for position, media in enumerate(text.media)
    )
    for row in rows:
        if row.state == MessageMedia.State.PENDING:
            doorbell.ring_after_commit(queues.get(FETCH_QUEUE), row.pk)


def _media(message: Message, account_sid: str, position: int, media: InboundMedia) -> MessageMedia:
    refusal = ""
    if message.taken_as not in {TakenAs.CONVERSATION, TakenAs.OWNER}:
        refusal = "not fetched: the text is not handed on"
    elif not media.media_sid:
        refusal = "its URL is not a file of this account at Twilio"
    return MessageMedia(
        message=message,
        position=position,
        account_sid=account_sid,
        parent_sid=media.parent_sid,
        media_sid=media.media_sid,
        content_type=media.content_type,
        state=MessageMedia.State.REFUSED if refusal else MessageMedia.State.PENDING,
        refusal=refusal,
        fetch_at=None if refusal else DatabaseClock(),
    )
