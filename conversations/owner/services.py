"""An owner's text, from its arrival to its effect."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from conversations import alerts
from conversations.models import Conversation
from conversations.owner import addressing, automatic, commands, reading, relaying
from conversations.owner.answering import answer, was_answered
from conversations.owner.models import OwnerText
from conversations.owner.reading import Command, Reading
from nevermisscall.lib.logs import bind
from sms.models import Message
from tenants.compliance import Purpose
from tenants.models import OwnerNumber

# A phone that answers each text of ours so soon, with the same words as the last time, does it by itself.
BY_ITSELF_WITHIN = timedelta(seconds=10)
REMEMBERED = timedelta(days=1)
OURS = 20  # of our newest texts to a phone, to know a reaction to one of them by
NOTICE_AGAIN_AFTER = timedelta(minutes=10)
ASK_AGAIN_AFTER = timedelta(minutes=1)
OFFERED = 5  # conversations in a question
WORDS_SHOWN = 40  # of each

State = OwnerText.State

logger = logging.getLogger(__name__)


@transaction.atomic
def receive_text(*, message_id: int) -> None:
    """Do what a text from one of the business's phones says, once; repeating it changes nothing.

    Words go to the customer whom the text names or is plainly for; from then on a person has the conversation and the
    AI is silent. Where it is not plain, the owner is asked, and the words wait for the answer.
    """
    rows = Message.objects.select_related("phone_number__tenant", "phone_number__account")
    message = rows.get(pk=message_id)
    tenant = message.sender.tenant
    bind(message_id=message.pk, tenant_id=tenant.pk)
    # Locked: of two texts of one phone at once the second waits, so that it finds what the first left behind.
    phones = OwnerNumber.objects.select_for_update(no_key=True)
    if not phones.filter(tenant=tenant, number=message.from_number).exists():
        logger.warning("an owner's text is ignored: the phone is not one of the business's any more")
        return
    if OwnerText.objects.filter(message=message).exists():
        return
    text = OwnerText(tenant=tenant, message=message, phone=message.from_number, created_at=message.created_at)
    said = reading.read(message.body)
    if _is_no_persons(text, said):
        text.state = State.IGNORED
    elif message.reconciled_at is not None and _went_out(text, said):
        text.state = State.DONE
    elif message.is_old:
        # What they said then may not be true any more: they decide, and nothing of it leaves by itself.
        text.state = State.DROPPED
        answer(text, "owner_dropped", words=relaying.words_of(text) or message.body.strip())
    elif not _answers_question(text, said):
        _act(text, said)
    text.save()
    if text.conversation is not None and not text.command and text.state in {State.DONE, State.FETCHING}:
        _drop_older(text, said)
    logger.info("an owner's text was read", extra={"command": text.command, "state": text.state})


def _went_out(text: OwnerText, said: Reading) -> bool:
    """Tell whether the words left our number after they were written: before we lost what we knew of it."""
    found = Message.objects.filter(tenant_id=text.tenant_id, purpose=Purpose.FOUND, created_at__gte=text.created_at)
    return bool(said.words) and found.filter(body=said.words).exclude(to_number=text.phone).exists()


def _act(text: OwnerText, said: Reading) -> None:
    """Relay the words or obey the command, if it is plain in which conversation; else ask. Settles `text`."""
    command = said.command
    if command in commands.FOR_ALL:
        commands.obey(text, said)
        return
    found = _conversations(text, said)
    if len(found) != 1:
        _ask(text, said, found)
        return
    (conversation,) = found
    if command is not None and commands.is_meant(command, conversation):
        commands.obey(text, said, conversation)
    elif said.words or text.message.media.exists():
        relaying.relay(text, conversation)
    else:
        _show(text, conversation)


def _conversations(text: OwnerText, said: Reading) -> list[Conversation]:
    if said.handle is not None:
        named = addressing.by_handle(text.tenant_id, said.handle)
        return [named] if named else []
    found = addressing.by_context(text, said.command)
    if said.command == Command.OK and found and commands.is_unseen_emergency(found[0]):
        return found[:1]  # the last thing they heard of asked for it, and its calls go on until they are heard
    return found


def _ask(text: OwnerText, said: Reading, found: list[Conversation]) -> None:
    """Keep the text until the owner says whom it is for. Several in a row are asked about once."""
    text.state = State.WAITING
    if said.handle is not None:
        answer(text, "owner_unknown", handle=f"#{said.handle}")
    elif not found:
        answer(text, "owner_nobody")
    elif not was_answered(text, "owner_which", within=ASK_AGAIN_AFTER):
        either = " o " if text.tenant.language == "es" else " or "
        answer(text, "owner_which", choices=either.join(map(_choice, found[:OFFERED])))


def _choice(conversation: Conversation) -> str:
    words = _newest_words(conversation)
    shown = words if len(words) <= WORDS_SHOWN else f"{words[:WORDS_SHOWN].rstrip()}…"
    return f'{conversation} {alerts.customer_of(conversation)}: "{shown}"'


def _show(text: OwnerText, conversation: Conversation) -> None:
    """A number alone, and nothing was asked: show whose it is. What they text next is for them."""
    text.state, text.conversation = State.DONE, conversation
    alerts.tell(
        conversation,
        template="owner_customer_wrote",
        key=f"shown:{text.message_id}",
        values={"words": _newest_words(conversation)},
        to_number=text.phone,
        in_conversation=True,
    )


def _newest_words(conversation: Conversation) -> str:
    newest = conversation.last_customer_message
    return alerts.words_of(newest) if newest else "…"


def _answers_question(text: OwnerText, said: Reading) -> bool:
    """Tell whether the text says whom earlier ones are for, after doing what those say."""
    number = said.only_number
    if number is None or text.message.media.exists():
        return False
    waiting = list(OwnerText.objects.waiting(tenant_id=text.tenant_id, phone=text.phone))
    if not waiting:
        return False
    if addressing.by_handle(text.tenant_id, number) is None:
        text.state = State.REFUSED
        answer(text, "owner_unknown", handle=f"#{number}")
        return True
    text.state = State.DONE
    for row in waiting:
        if row.is_fresh:
            _act(row, replace(reading.read(row.message.body), handle=number))
            row.save()
    _drop(text, [row for row in waiting if not row.is_fresh])
    return True


def _drop_older(text: OwnerText, said: Reading) -> None:
    """Other words went out while some waited for a number: those are not sent any more, and the owner is told.

    Nothing is said of words that are in the new ones: they were written again.
    """
    waiting = OwnerText.objects.waiting(tenant_id=text.tenant_id, phone=text.phone)
    older = list(waiting.exclude(pk=text.pk))
    again = [row for row in older if relaying.words_of(row) in said.words]
    OwnerText.objects.filter(pk__in=[row.pk for row in again]).update(state=State.DROPPED)
    _drop(text, [row for row in older if row not in again])


def _drop(text: OwnerText, rows: list[OwnerText]) -> None:
    if rows:
        OwnerText.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.DROPPED)
        answer(text, "owner_dropped", words=" / ".join(map(relaying.words_of, rows)))


def _is_no_persons(text: OwnerText, said: Reading) -> bool:
    """Tell whether the text is empty, or the phone wrote it by itself. Words with a number in front are a person's."""
    body = text.message.body
    if automatic.is_from_a_driver(body) or automatic.repeats_us(body, _ours(text)):
        return True
    if said.handle is not None:
        return False
    if not said.words:
        return not text.message.media.exists()
    is_notice = automatic.may_be_a_notice(body) or (said.command is None and _is_said_again_at_once(text))
    if is_notice and not was_answered(text, "owner_automatic", within=NOTICE_AGAIN_AFTER):
        answer(text, "owner_automatic")
    return is_notice


def _ours(text: OwnerText) -> list[str]:
    to_phone = Message.objects.filter(tenant_id=text.tenant_id, to_number=text.phone)
    return list(to_phone.order_by("-created_at").values_list("body", flat=True)[:OURS])


def _is_said_again_at_once(text: OwnerText) -> bool:
    same_phone = OwnerText.objects.filter(tenant_id=text.tenant_id, phone=text.phone)
    last = same_phone.select_related("message").order_by("-created_at", "-pk").first()
    if last is None or last.message.body != text.message.body or text.created_at - last.created_at > REMEMBERED:
        return False
    return _follows_ours(text, text.created_at) and _follows_ours(text, last.created_at)


def _follows_ours(text: OwnerText, at: datetime) -> bool:
    to_phone = Message.objects.filter(tenant_id=text.tenant_id, to_number=text.phone)
    return to_phone.filter(sent_at__gt=at - BY_ITSELF_WITHIN, sent_at__lte=at).exists()
