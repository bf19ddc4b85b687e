"""One turn of the AI: the row was due, so look whether it may answer, ask a dispatcher, and save what still holds."""

import logging
from datetime import timedelta

from conversations import timing
from conversations.dispatching import context, dispatchers, safety, saving, silence
from conversations.models import Conversation
from nevermisscall.lib.logs import bind
from nevermisscall.outbox.places import Places
from nevermisscall.outbox.queues import Lane, Queue

logger = logging.getLogger(__name__)


def take_turn(conversation: Conversation) -> timedelta | None:
    """Answer the customer, if the AI may. No transaction is open while a dispatcher thinks.

    Returns when to look again, or None. Whatever a person or the customer does meanwhile takes the fence away, and the
    answer is dropped.
    """
    bind(conversation_id=conversation.pk, tenant_id=conversation.tenant_id)
    row = Conversation.objects.select_related("tenant", "contact", "last_customer_message").get(pk=conversation.pk)
    row.fence = conversation.fence
    if row.ownership == Conversation.Ownership.USER and not silence.is_over(row):
        return silence.warn(row)
    if saving.leave_answered(row):
        return None
    if timing.is_stale(row):
        saving.leave_to_owner(row)
        return None
    if not timing.ai_may_answer(row):
        saving.answer_without_ai(row)
        return None
    request = context.describe(row)
    turn = dispatchers.chain().answer(request)
    logger.info("a dispatcher answered", extra={"dispatcher": turn.given_by, "ms": round(turn.seconds * 1000)})
    return saving.save(row, safety.say_first(turn.answer, request), dispatcher=turn.given_by)


QUEUE = Queue(
    name=timing.TURN_QUEUE,
    model=Conversation,
    due="ai_due_at",
    lane=Lane.URGENT,
    handle=take_turn,
    died=saving.hand_to_owner,
    places=Places(4),
)
