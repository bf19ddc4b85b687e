"""An owner's words on their way to the customer. The transaction that accepts them takes the conversation over."""

from datetime import timedelta

from django.db import transaction

from conversations import alerts, ownership
from conversations.models import Conversation
from conversations.owner import addressing, links, reading
from conversations.owner.answering import answer
from conversations.owner.models import OwnerText
from nevermisscall.lib import phones
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.outbox.queues import Lane, Queue
from sms import services as sms_services
from sms.models import MessageMedia
from sms.services import TextRefused
from tenants import texts
from tenants.models import OwnerNumber

LOOK_AGAIN = timedelta(seconds=1)
PICTURES_WITHIN = timedelta(minutes=2)  # then the words go without those that are not here

State, MediaState = OwnerText.State, MessageMedia.State


def relay(text: OwnerText, conversation: Conversation) -> None:
    """Pass the words on to the customer, or say why not. Pictures are waited for; the AI is silent from now on.

    Settles `text`; the caller saves it.
    """
    text.conversation = conversation
    if len(words_of(text)) > sms_services.MAX_BODY:
        text.state = State.REFUSED
        answer(text, "owner_too_long", conversation)
    elif text.message.media.filter(state=MediaState.PENDING).exists():
        text.state, text.relay_at = State.FETCHING, DatabaseClock() + LOOK_AGAIN
        if conversation.status != Conversation.Status.COMPLETED:
            take(text, conversation)
    else:
        _send(text, conversation)


def take(text: OwnerText, conversation: Conversation) -> None:
    """Give the conversation to the phone that texted, and tell the one that had it."""
    before = ownership.lock(conversation.pk).relay_to
    ownership.take_over(conversation_id=conversation.pk, user=None, reason="by text", relay_to=text.phone)
    _tell_other(text, conversation, before)


def words_of(text: OwnerText) -> str:
    """Return the words without the number in front."""
    return reading.read(text.message.body).words


def finish(text: OwnerText) -> timedelta | None:
    """Pass a claimed text with pictures on if all of them are here, or two minutes have passed."""
    with transaction.atomic():
        row = (
            OwnerText.objects.select_for_update(of=["self"])
            .select_related("message__phone_number__tenant", "message__phone_number__account", "tenant")
            .filter(pk=text.pk, fence=text.fence, state=State.FETCHING)
            .first()
        )
        if row is None:
            return None
        pending = row.message.media.filter(state=MediaState.PENDING, dead_at__isnull=True)
        if pending.exists() and utcnow() - row.created_at < PICTURES_WITHIN:
            return LOOK_AGAIN
        assert row.conversation_id is not None, "a constraint of the table"
        conversation = addressing.newest_of(Conversation.objects.select_related("contact").get(pk=row.conversation_id))
        row.relay_at = row.lease_until = row.fence = None
        _send(row, conversation)
        row.save()
    return None


def _send(text: OwnerText, conversation: Conversation) -> None:
    before, words = ownership.lock(conversation.pk).relay_to, words_of(text)
    files = list(text.message.media.all())
    urls = [links.link(media) for media in files if media.state == MediaState.STORED]
    if not (words or urls):
        text.state = State.REFUSED
        answer(text, "owner_files_lost", conversation, count=str(len(files)))
        return
    try:
        ownership.reply(
            conversation_id=conversation.pk,
            body=words,
            idempotency_key=f"relay:{text.message_id}",
            media_urls=urls,
            relay_to=text.phone,
        )
    except TextRefused as refusal:
        text.state = State.REFUSED
        language = text.tenant.language
        answer(text, "owner_not_sent", conversation, reason=texts.reason(refusal.verdict.rule, language))
        return
    text.state, text.settled_at = State.DONE, utcnow()
    if len(urls) < len(files):
        answer(text, "owner_files_lost", conversation, count=str(len(files) - len(urls)))
    _tell_other(text, conversation, before)


def _tell_other(text: OwnerText, conversation: Conversation, before: str) -> None:
    """Tell the phone that had the conversation that another one has it now."""
    if before in {"", text.phone}:
        return
    who = OwnerNumber.objects.filter(tenant_id=text.tenant_id, number=text.phone).first()
    alerts.tell(
        conversation,
        template="owner_other_took",
        key=f"other-took:{text.message_id}",
        values={"who": (who and who.name) or phones.national(text.phone)},
        to_number=before,
        in_conversation=True,
    )


QUEUE = Queue(
    name="owner.relay",
    model=OwnerText,
    due="relay_at",
    lane=Lane.URGENT,
    handle=finish,
)
