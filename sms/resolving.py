"""Texts whose request to Twilio had no clear outcome: found, or sent again as a last resort.

A callback bearing the attempt's token settles it at once (`sms.services`). Otherwise Twilio's list of messages between
the two numbers, or through the pool, is searched. Absent after three minutes and two clean looks a minute apart, it is
sent again and flagged, three times in all.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from nevermisscall.lib.clock import utcnow
from nevermisscall.twilio import messages as twilio_messages
from nevermisscall.twilio.errors import TwilioError
from nevermisscall.twilio.messages import MessageRecord
from sms import progress
from sms.models import FROM_TWILIO, Message, SendAttempt, Status
from tenants import accounts

LOOKS = (5, 20, 60, 120, 180)  # seconds after the attempt started
LIST_AGAIN = timedelta(seconds=20)
MAX_ATTEMPTS = 3  # each after the first only when two clean looks showed nothing of the one before
BETWEEN_CLEAN_LOOKS = timedelta(seconds=60)
# Twilio's times are whole seconds and its clock is not ours.
CREATED_BEFORE = timedelta(seconds=5)
CREATED_AFTER = timedelta(seconds=30)
# “Smart encoding”, which is on for new Messaging Services, replaces these; what the list shows then is not documented.
_LOOK_ALIKES = str.maketrans(
    dict.fromkeys("‘’‚‛′´`", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"…": "...", "•": "*", "\u200b": ""}
)

logger = logging.getLogger(__name__)


def look_for(message: Message) -> timedelta | None:
    """Search Twilio for a message of unknown outcome. Returns when to look again, or None when it is settled."""
    attempt = message.send_attempts.latest("started_at")
    in_pool = bool(message.sender.messaging_service_sid)
    try:
        found = twilio_messages.latest(
            accounts.credentials(message.sender.account_sid),
            to_number=message.to_number,
            # Until a pool has handed a text on, it may be listed without a sender.
            from_number=None if in_pool else message.from_number,
        )
    except TwilioError as error:
        # A look that failed proves nothing; waiting for a clean one must not make the message a dead letter.
        logger.warning("could not look for a text of unknown outcome", extra={"reason": str(error)})
        return LIST_AGAIN
    match = _match(message, attempt, found)
    if match is not None:
        note(attempt, "found at Twilio")
        bind_sid(message.pk, match)
        return None
    return _absent(message, attempt)


@transaction.atomic
def bind_sid(message_id: int, sent: MessageRecord) -> None:
    """Record that Twilio has the message. Not fenced: whoever learns the SID is right, lease or not."""
    row = Message.objects.select_for_update().get(pk=message_id)
    if row.message_sid not in {None, sent.message_sid}:
        logger.error("Twilio has this text twice", extra={"other_sid": sent.message_sid})
        return
    row.message_sid = sent.message_sid
    row.num_segments = sent.num_segments or row.num_segments
    progress.advance(row, FROM_TWILIO.get(sent.status, Status.SENT_TO_PROVIDER), error_code=sent.error_code)


def note(attempt: SendAttempt, outcome: str) -> None:
    """Write down what became of an attempt."""
    SendAttempt.objects.filter(pk=attempt.pk).update(outcome=outcome[:200])


def _match(message: Message, attempt: SendAttempt, found: list[MessageRecord]) -> MessageRecord | None:
    earliest, latest = attempt.started_at - CREATED_BEFORE, attempt.started_at + CREATED_AFTER
    taken = set(
        Message.objects.filter(message_sid__in=[sent.message_sid for sent in found]).values_list(
            "message_sid", flat=True
        )
    )
    for sent in found:
        in_time = sent.created_at is not None and earliest <= sent.created_at <= latest
        if (
            in_time
            and sent.message_sid not in taken
            and _is_ours(sent, message)
            and is_same_text(sent.body, message.body)
        ):
            return sent
    return None


def _is_ours(sent: MessageRecord, message: Message) -> bool:
    pool = message.sender.messaging_service_sid
    return sent.from_number == message.from_number or bool(pool and sent.messaging_service_sid == pool)


def is_same_text(one: str, other: str) -> bool:
    """Tell whether two bodies are the same but for white space and look-alikes of GSM-7, which Twilio may change."""
    return _plain(one) == _plain(other)


def _plain(body: str) -> str:
    return " ".join(body.translate(_LOOK_ALIKES).split())


def _absent(message: Message, attempt: SendAttempt) -> timedelta | None:
    now = utcnow()
    if attempt.first_clean_look_at is None:
        SendAttempt.objects.filter(pk=attempt.pk).update(first_clean_look_at=now)
        return _next_look(attempt, now)
    long_enough = now - attempt.started_at >= timedelta(seconds=LOOKS[-1])
    if not long_enough or now - attempt.first_clean_look_at < BETWEEN_CLEAN_LOOKS:
        return _next_look(attempt, now)
    note(attempt, "never arrived at Twilio, as far as its list shows")
    return _send_again(message)


def _next_look(attempt: SendAttempt, now: datetime) -> timedelta:
    elapsed = (now - attempt.started_at).total_seconds()
    return next((timedelta(seconds=look - elapsed) for look in LOOKS if look > elapsed + 1), BETWEEN_CLEAN_LOOKS)


@transaction.atomic
def _send_again(message: Message) -> timedelta | None:
    row = Message.objects.select_for_update().filter(pk=message.pk, fence=message.fence, status=Status.UNKNOWN).first()
    if row is None:
        return None
    if row.send_attempts.filter(first_clean_look_at__isnull=False).count() >= MAX_ATTEMPTS:
        progress.advance(row, Status.FAILED)
        return None
    row.status, row.possible_duplicate = Status.QUEUED, True
    row.save(update_fields=["status", "possible_duplicate"])
    logger.warning("text of unknown outcome is sent again")
    return timedelta(0)
