"""When the dispatcher looks at a conversation. Every function changes a locked conversation; the caller saves it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from conversations.models import Conversation, Entry
from nevermisscall.lib import clock
from nevermisscall.lib.clock import database_now
from nevermisscall.outbox import doorbell, queues
from sms.models import Message
from tenants.models import Tenant

TURN_QUEUE = "conversations.turns"
# Three quick texts get one answer, and somebody who writes and writes is not kept waiting for more than this.
DEBOUNCE = timedelta(seconds=2)
LATEST = timedelta(seconds=8)
# No worker came to it for so long: somebody may have answered by telephone meanwhile.
STALE = timedelta(minutes=10)

Ownership = Conversation.Ownership


def customer_wrote(conversation: Conversation, *, is_emergency: bool) -> None:
    """Set when the customer's newest words are answered, if the AI may; a turn under way has not seen them and ends.

    The first words that nobody answered start the timer; more of them do not restart it.
    """
    now = database_now()
    if conversation.ownership == Ownership.USER:
        _wait_for_person(conversation, now)
        return
    if not (is_emergency or ai_may_answer(conversation)):
        return
    started = conversation.ai_timer_started_at or now
    if is_emergency:
        due = now
    elif conversation.ownership == Ownership.AI:
        due = min(now + DEBOUNCE, started + LATEST)
    else:
        due = started + timedelta(seconds=_takeover_seconds(conversation.tenant))
    conversation.ai_timer_started, conversation.ai_timer_started_at = True, started
    # Never later than it was: an emergency that is due stays due when more is written.
    _arm(conversation, min(due, conversation.ai_due_at or due))


def stop(conversation: Conversation) -> None:
    """Nobody waits for the AI any more."""
    conversation.ai_timer_started, conversation.ai_timer_started_at = False, None
    _arm(conversation, None)


def resume(conversation: Conversation) -> None:
    """The AI has the conversation again: it answers at once what nobody has answered."""
    if conversation.ownership == Ownership.AI and _is_unanswered(conversation):
        now = database_now()
        conversation.ai_timer_started, conversation.ai_timer_started_at = True, now
        _arm(conversation, now)


def is_stale(conversation: Conversation) -> bool:
    """Tell whether the turn is so late that a person should see the words first. Emergencies cannot wait for that."""
    if conversation.ai_due_at is None or conversation.urgency_level == Conversation.Urgency.EMERGENCY:
        return False
    return clock.now() - conversation.ai_due_at > STALE


def ai_may_answer(conversation: Conversation) -> bool:
    """Tell whether the business and the customer leave answers to the AI."""
    contact = conversation.contact
    for_people_only = contact.do_not_automate or contact.is_personal or contact.is_blocked
    return conversation.tenant.ai_enabled and not for_people_only


def _wait_for_person(conversation: Conversation, now: datetime) -> None:
    """A person has it. Where the business wants that, their silence is noticed after so many minutes."""
    minutes = conversation.tenant.human_silence_minutes
    if minutes is None or conversation.ai_timer_started or not ai_may_answer(conversation):
        return
    conversation.ai_timer_started, conversation.ai_timer_started_at = True, now
    _arm(conversation, now + timedelta(minutes=minutes))


def _arm(conversation: Conversation, due: datetime | None) -> None:
    conversation.ai_due_at = due
    # Whoever holds the row now works on what is no longer so: without its fence it can save nothing.
    conversation.fence = conversation.lease_until = conversation.dead_at = None
    conversation.attempts = 0
    if due is not None and due <= database_now():
        doorbell.ring_after_commit(queues.get(TURN_QUEUE), conversation.pk)


def _takeover_seconds(tenant: Tenant) -> int:
    own = tenant.ai_takeover_seconds
    return settings.AI_TAKEOVER_SECONDS if own is None else own


def _is_unanswered(conversation: Conversation) -> bool:
    asked = conversation.last_customer_message
    if asked is None:
        return False
    ours = Q(message__sender_type=Message.SenderType.USER) | Q(message__sender_type=Message.SenderType.AI)
    answers = Entry.objects.filter(
        ours,
        conversation=conversation,
        message__direction=Message.Direction.OUTBOUND,
        created_at__gte=asked.created_at,
    )
    # What was withdrawn while it was being tried is not sent again: no answer, unless Twilio is known to have it.
    in_doubt = Q(message__withdrawn_at__isnull=False, message__message_sid__isnull=True)
    return not answers.exclude(in_doubt | Q(message__status__in=["canceled", "failed", "expired"])).exists()
