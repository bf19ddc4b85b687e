"""The sender: hands queued texts to Twilio, each exactly once as far as that can be known.

Twilio has no idempotency key. So `sending` is committed before the request; whatever proves nothing about the outcome
(a timeout, a reset, a 5xx, our own death) makes it `unknown`; and an unknown text is looked for, never sent blindly.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.outbox.places import Places
from nevermisscall.outbox.queues import Lane, Queue
from nevermisscall.twilio import messages as twilio_messages
from nevermisscall.twilio.errors import (
    AmbiguousTwilioError,
    CredentialsError,
    Kind,
    PermanentTwilioError,
    TransientTwilioError,
)
from nevermisscall.webhooks.journal import joining
from sms import pacing, pausing, progress, resolving, vetoes
from sms.models import Message, SendAttempt, Status
from sms.services import SEND_QUEUE
from tenants import accounts, compliance

PAIR_BUSY = timedelta(milliseconds=500)
UNDECIDED = timedelta(milliseconds=250)
NEWS = joining.Patience()  # a STOP that waits to be recorded, or an owner's answer
AT_ONCE = Places(6)  # requests of a process; half as many when Twilio says 429, whatever the account
FIRST_LOOK = timedelta(seconds=resolving.LOOKS[0])
MIN_VALIDITY_SECONDS = 60
TOO_MANY = 429

logger = logging.getLogger(__name__)


def send(message: Message) -> timedelta | None:
    """Do what a claimed message needs next. Returns when to look at it again, or None when that is settled."""
    bind(message_id=message.pk, tenant_id=message.tenant_id)
    if message.status == Status.QUEUED:
        attempt = _start(message)
        return _request(message, attempt) if isinstance(attempt, SendAttempt) else attempt
    if message.status == Status.SENDING:
        # Its sender died or lost its lease between the request and the answer.
        if not _move(message, Status.UNKNOWN):
            return None
        logger.warning("a sender did not live to see Twilio's answer; looking for the text")
    return resolving.look_for(message)


def _request(message: Message, attempt: SendAttempt) -> timedelta | None:
    try:
        sent = twilio_messages.create(
            accounts.credentials(message.sender.account_sid),
            from_number=message.from_number,
            messaging_service_sid=message.sender.messaging_service_sid,
            to_number=message.to_number,
            body=message.body,
            media_urls=message.media_urls,
            status_callback=f"{settings.PUBLIC_BASE_URL}/api/webhooks/status?attempt={attempt.token}",
            validity_seconds=_validity(message),
        )
    except AmbiguousTwilioError as error:
        resolving.note(attempt, str(error))
        return FIRST_LOOK if _move(message, Status.UNKNOWN) else None
    except TransientTwilioError as error:
        resolving.note(attempt, str(error))
        if error.status == TOO_MANY:
            AT_ONCE.halve()
        return _back_to_queue(message)
    except CredentialsError as error:
        resolving.note(attempt, str(error))
        return pausing.pause(message.sender.account_sid) if _move(message, Status.QUEUED) else None
    except PermanentTwilioError as error:
        resolving.note(attempt, str(error))
        return _refused(message, error)
    AT_ONCE.grow()
    resolving.note(attempt, "accepted")
    pausing.resume(message.sender.account_sid)
    resolving.bind_sid(message.pk, sent)
    return None


@transaction.atomic
def _start(message: Message) -> SendAttempt | timedelta | None:
    """Commit `sending` and its attempt, unless the text must wait, is too late, or may not be sent any more."""
    with connection.cursor() as cursor:
        # One sender for each pair at a time: texts stay in order, and two alike can be told apart at Twilio.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{message.sender.channel}>{message.to_number}"])
    row = _mine(message)
    if row is None or row.status != Status.QUEUED:
        return None
    if NEWS.holds():
        return UNDECIDED
    between = Message.objects.between(row.sender, row.to_number).exclude(pk=row.pk)
    if between.filter(status=Status.SENDING).exists():
        return PAIR_BUSY
    if between.filter(status=Status.UNKNOWN, body=row.body).exists():
        return FIRST_LOOK
    wanted = row.withdrawn_at is None and vetoes.is_wanted(row)
    if wanted is None:
        return UNDECIDED
    if not wanted:
        progress.advance(row, Status.CANCELED)
        return None
    if row.expires_at is not None and row.expires_at <= utcnow():
        progress.advance(row, Status.EXPIRED)
        return None
    verdict = compliance.may_text(number=row.sender, to_number=row.to_number, purpose=row.purpose)
    if not verdict.allowed:
        row.verdict = verdict.as_json()
        if verdict.not_before is not None:
            row.save(update_fields=["verdict"])
            return verdict.not_before - verdict.at
        progress.advance(row, Status.CANCELED)
        return None
    wait = pausing.remaining(row.sender.account_sid) or pacing.wait_for_slot(row)
    if wait is not None:
        return wait
    row.status = Status.SENDING
    row.save(update_fields=["status"])
    message.status = Status.SENDING
    return SendAttempt.objects.create(message=row, started_at=utcnow())


def _refused(message: Message, error: PermanentTwilioError) -> timedelta | None:
    if error.kind == Kind.TRANSIENT:  # such as 21611, the number's queue is full
        return _back_to_queue(message)
    with transaction.atomic():
        row = _mine(message)
        if row is not None:
            progress.advance(row, Status.FAILED, error_code=error.code or None)
    return None


def _back_to_queue(message: Message) -> timedelta | None:
    """Twilio certainly does not have it: again after a wait that grows with the attempts, 0.5 s to 30 s."""
    if not _move(message, Status.QUEUED):
        return None
    tries = message.send_attempts.count()
    return QUEUE.backoff(min(tries, 6)) / 2


def _validity(message: Message) -> int:
    """Return for how many seconds the text is worth delivering; 0 leaves it to Twilio (10 hours)."""
    if message.expires_at is None:
        return 0
    return max(MIN_VALIDITY_SECONDS, int((message.expires_at - utcnow()).total_seconds()))


def _move(message: Message, status: Status) -> bool:
    """Move between our own states while the lease is ours; False if a callback or another sender was faster."""
    moved = Message.objects.filter(pk=message.pk, fence=message.fence, status=message.status).update(status=status)
    if moved:
        message.status = status
    return moved == 1


def _mine(message: Message) -> Message | None:
    rows = Message.objects.select_for_update(of=["self"]).select_related(
        "phone_number__tenant", "phone_number__account"
    )
    return rows.filter(pk=message.pk, fence=message.fence).first()


QUEUE = Queue(
    name=SEND_QUEUE,
    model=Message,
    due="next_attempt_at",
    lane=Lane.URGENT,
    handle=send,
    order_by=["priority"],
    places=AT_ONCE,
)
