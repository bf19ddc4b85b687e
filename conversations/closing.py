"""Conversations that nobody goes on with come to an end by themselves."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from conversations import ownership
from conversations.models import Conversation, Transition
from nevermisscall.lib.clock import utcnow

QUIET_FOR = timedelta(days=7)
BATCH = 500


def close_quiet() -> int:
    """Complete open conversations in which nothing was said for a week. Returns how many; repeating it is harmless.

    One that waits for an answer of the AI stays open. At most 500 at a time: the next run finds the rest.
    """
    quiet = Conversation.objects.open().filter(last_activity__lt=utcnow() - QUIET_FOR, ai_due_at__isnull=True)
    return sum(_close(quiet, pk) for pk in quiet.order_by("last_activity").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _close(quiet: QuerySet[Conversation], pk: int) -> bool:
    conversation = quiet.select_for_update().filter(pk=pk).first()  # still quiet, or somebody wrote meanwhile
    if conversation is not None:
        ownership.move(
            conversation,
            Conversation.Status.COMPLETED,
            actor=Transition.Actor.SYSTEM,
            reason=f"quiet for {QUIET_FOR.days} days",
            outcome=Conversation.Outcome.NO_REPLY,
        )
    return conversation is not None
