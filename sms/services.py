"""Queue a text, and follow what Twilio says about it."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.lib.refusals import Refusal
from nevermisscall.lib.segments import segments
from nevermisscall.lib.text import storable
from nevermisscall.outbox import doorbell, queues
from sms import progress
from sms.models import FROM_TWILIO, Message, SendAttempt, Status
from tenants import compliance
from tenants.compliance import Purpose, Rule, Verdict
from tenants.models import PhoneNumber

MAX_BODY = 1600
MAX_MEDIA = 10
LATEST = timedelta(days=365)  # how far ahead a text may be scheduled
SEND_QUEUE = "sms.send"

CAP_PERIOD = timedelta(hours=24)

_PRIORITY = {
    Purpose.EMERGENCY: 0,
    Purpose.MISSED_CALL: 0,
    Purpose.OWNER_ALERT: 1,
    Purpose.REPLY: 1,
    Purpose.CONFIRMATION: 1,
    Purpose.AI: 2,
    Purpose.NOTICE: 3,
    Purpose.BULK: 4,
    Purpose.MARKETING: 4,
}

logger = logging.getLogger(__name__)


class TextRefused(Refusal):
    """The gate does not let this text pass; `verdict` says which rule and why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.rule, f"this text may not be sent: {Rule(verdict.rule).label}")
        self.verdict = verdict


def may_send(*, number: PhoneNumber, to_number: str, purpose: Purpose, at: datetime | None = None) -> Verdict:
    """Ask the gate, with the business's texts of the last 24 hours at hand. `send_message` does it by itself.

    `at` is when the text would leave: now unless given.
    """

    def count_today() -> int:
        since = utcnow() - CAP_PERIOD
        sent = Message.objects.filter(
            tenant_id=number.tenant_id, direction=Message.Direction.OUTBOUND, created_at__gt=since
        )
        return sent[: number.tenant.daily_text_cap].count()  # how far it is exceeded does not matter

    return compliance.may_text(number=number, to_number=to_number, purpose=purpose, count_today=count_today, at=at)


@transaction.atomic
def send_message(
    *,
    number: PhoneNumber,
    to_number: str,
    body: str,
    purpose: Purpose,
    idempotency_key: str,
    expires_at: datetime | None = None,
    sender_type: str = Message.SenderType.SYSTEM,
    send_at: datetime | None = None,
    media_urls: Sequence[str] = (),
) -> Message:
    """Queue one text from `number` and return it; the only way to text anybody. It leaves at `send_at`, or at once.

    A text that the gate holds until the person's morning is queued for then. `media_urls` are up to ten pictures or
    files that Twilio fetches; with them the body may be empty. The same `idempotency_key` of the same business returns
    the message that is there already. Raises `TextRefused`, and `ValueError` for a body that is empty or over 1 600
    characters, or for too many files.
    """
    body = storable(body).strip()
    if len(body) > MAX_BODY or not (body or media_urls):
        raise ValueError(f"a text has 1 to {MAX_BODY} characters; this one has {len(body)}")
    if len(media_urls) > MAX_MEDIA:
        raise ValueError(f"a text has at most {MAX_MEDIA} files; this one has {len(media_urls)}")
    verdict = may_send(number=number, to_number=to_number, purpose=purpose, at=send_at)
    if verdict.refused:
        raise TextRefused(verdict)
    message, created = Message.objects.get_or_create(
        tenant_id=number.tenant_id,
        idempotency_key=idempotency_key,
        defaults={
            "phone_number": number,
            "purpose": purpose,
            "sender_type": sender_type,
            "priority": _PRIORITY[purpose],
            "from_number": number.number,
            "to_number": to_number,
            "body": body,
            "num_segments": segments(body),
            "verdict": verdict.as_json(),
            "media_urls": list(media_urls),
            "next_attempt_at": verdict.not_before or send_at or DatabaseClock(),
            "expires_at": expires_at,
        },
    )
    if created and send_at is None and verdict.allowed:
        doorbell.ring_after_commit(queues.get(SEND_QUEUE), message.pk)
    return message


def withdraw(messages: QuerySet[Message]) -> int:
    """Cancel those of `messages` that have not been handed to Twilio. Returns how many; nobody is told of them.

    One that is being tried at this moment may have arrived; if it comes back to the queue, it is canceled then.
    """
    not_there = messages.filter(
        status__in=[Status.QUEUED, Status.SENDING, Status.UNKNOWN], direction=Message.Direction.OUTBOUND
    )
    # All of them first: one may come back between the two statements.
    not_there.update(withdrawn_at=DatabaseClock())
    return not_there.filter(status=Status.QUEUED).update(
        status=Status.CANCELED, next_attempt_at=None, lease_until=None, fence=None
    )


@dataclass(frozen=True, slots=True)
class MessageReport:
    """What a status callback says. `attempt` is the token of the attempt whose URL was called, if any."""

    message_sid: str
    account_sid: str
    status: str
    error_code: int | None
    attempt: uuid.UUID | None


@transaction.atomic
def apply_report(report: MessageReport) -> Message | None:
    """Move a message forward by what Twilio reports. Late, repeated and unknown reports change nothing.

    A report may arrive before the request that created the message has returned; its attempt's token finds the row.
    """
    message = _find(report)
    # Another account's signature proves nothing about this text, whoever told it the SID.
    if message is None or report.account_sid != _account_of(message):
        logger.warning("status of a message that is not ours", extra={"message_sid": report.message_sid})
        return None
    bind(message_id=message.pk, message_sid=report.message_sid, tenant_id=message.tenant_id)
    status = FROM_TWILIO.get(report.status)
    if status is None:
        logger.warning("unknown MessageStatus is recorded only", extra={"value": report.status})
        status = Status.SENT_TO_PROVIDER
    if message.message_sid is None:
        message.message_sid = report.message_sid
    elif message.message_sid != report.message_sid:
        logger.error("Twilio has this text twice", extra={"other_sid": report.message_sid})
        return message
    progress.advance(message, status, error_code=report.error_code)
    return message


def _find(report: MessageReport) -> Message | None:
    rows = Message.objects.select_for_update(of=["self"]).select_related("phone_number__account")
    if report.attempt is not None:
        attempt = SendAttempt.objects.filter(token=report.attempt).first()
        if attempt is not None:
            return rows.get(pk=attempt.message_id)
    return rows.filter(message_sid=report.message_sid).first()


def _account_of(message: Message) -> str:
    own = message.phone_number.account_sid if message.phone_number else ""
    return own or settings.TWILIO_ACCOUNT_SID
