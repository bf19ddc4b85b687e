"""Call one of the business's own people, and follow what becomes of the call.

Each function is safe to repeat and owns its transaction, with the alert call's row locked.
"""

import logging
from datetime import datetime

from django.db import transaction

from calls.alerts import progress
from calls.alerts.models import RANK, AlertCall, Status
from calls.alerts.serializers import Connection, Leg, Press
from calls.models import TERMINAL, status_from
from nevermisscall.lib import phones
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.lib.text import storable
from nevermisscall.outbox import doorbell, queues
from nevermisscall.webhooks.parsing import InvalidWebhook
from tenants.models import Language, PhoneNumber

MAX_WORDS = 600  # characters: 40 s of speech
CALL_QUEUE = "calls.alerts.place"

logger = logging.getLogger(__name__)


@transaction.atomic
def place(
    *,
    number: PhoneNumber,
    to_number: str,
    words: str,
    connect_to: str = "",
    language: str,
    idempotency_key: str,
    call_at: datetime | None = None,
) -> AlertCall:
    """Queue one call from `number` that tells `words`, and return it. It is placed at `call_at`, or at once.

    Only a pressed 1 counts as heard; it connects with `connect_to` if given. It ends with one fact,
    `alert_call.accepted` or `alert_call.unanswered`, unless it is canceled. The same `idempotency_key` of the same
    business returns the call that is there already. At whatever hour: a caller that wants to spare the night gives
    `call_at`. Raises `ValueError` for words that are empty or over 600 characters, numbers that are not E.164, and
    languages that we do not speak.
    """
    words = storable(words).strip()
    if not 0 < len(words) <= MAX_WORDS:
        raise ValueError(f"an alert call says 1 to {MAX_WORDS} characters; these words have {len(words)}")
    for given in filter(None, (to_number or "(none)", connect_to)):
        if not phones.is_e164(given):
            raise ValueError(f"an alert call needs numbers like +14155550123; “{given}” is none")
    if language not in Language.values:
        raise ValueError(f"an alert call speaks {' or '.join(Language.values)}, not “{language}”")
    alert, created = AlertCall.objects.get_or_create(
        tenant_id=number.tenant_id,
        idempotency_key=idempotency_key,
        defaults={
            "phone_number": number,
            "to_number": to_number,
            "connect_to": connect_to,
            "words": words,
            "language": language,
            "call_at": call_at or DatabaseClock(),
        },
    )
    if created and call_at is None:
        doorbell.ring_after_commit(queues.get(CALL_QUEUE), alert.pk)
    return alert


@transaction.atomic
def cancel(*, alert_call_id: int) -> bool:
    """Take back a call that is no longer needed. Returns whether that was before it was placed.

    One that is being placed or rings is hung up by the sender, unless it is picked up first: then the person hears that
    it has been taken care of. A call that was picked up or is over stays as it is. Publishes nothing.
    """
    now = utcnow()
    queued = AlertCall.objects.filter(pk=alert_call_id, status=Status.QUEUED)
    if queued.update(status=Status.CANCELED, canceled_at=now, call_at=None, lease_until=None, fence=None):
        return True
    alert = AlertCall.objects.select_for_update().get(pk=alert_call_id)
    if alert.canceled_at is None and RANK[Status(alert.status)] < RANK[Status.ANSWERED]:
        alert.canceled_at = now
        if alert.status == Status.RINGING:
            alert.call_at, alert.lease_until, alert.fence = DatabaseClock(), None, None
            doorbell.ring_after_commit(queues.get(CALL_QUEUE), alert.pk)
        alert.save()
    return False


@transaction.atomic(savepoint=False)  # a caller's transaction ends with ours anyway
def pick_up(*, leg: Leg) -> AlertCall | None:
    """Record that the phone was picked up, by a person or a machine. None if no call has this token."""
    alert = _locked(leg)
    if alert is not None:
        progress.advance(alert, Status.ANSWERED)
    return alert


@transaction.atomic(savepoint=False)
def press(*, leg: Press) -> AlertCall | None:
    """Record what was pressed; only a 1 accepts, since tones in a voicemail greeting may be read as digits."""
    alert = _locked(leg)
    if alert is not None:
        progress.advance(alert, Status.ACCEPTED if leg.accepts else Status.ANSWERED)
    return alert


@transaction.atomic(savepoint=False)
def record_connection(*, leg: Connection) -> AlertCall | None:
    """Record how connecting with the customer ended."""
    alert = _locked(leg)
    if alert is not None:
        alert.dial_call_status = leg.dial_call_status
        alert.save(update_fields=["dial_call_status"])
    return alert


@transaction.atomic(savepoint=False)
def follow(*, leg: Leg) -> None:
    """Apply a status callback. Late and repeated ones change nothing."""
    alert = _locked(leg)
    if alert is None or alert.call_sid != leg.call_sid:
        return
    status = status_from(leg.call_status)
    if status in TERMINAL:
        progress.end(alert, status)
    elif leg.call_status == "in-progress":
        progress.advance(alert, Status.ANSWERED)


def _locked(leg: Leg) -> AlertCall | None:
    """Return the alert call that a webhook is about, locked; its token proves that Twilio has the call."""
    rows = AlertCall.objects.select_for_update(of=["self"]).select_related("tenant", "phone_number__account")
    alert = rows.filter(token=leg.token).first()
    if alert is None:
        logger.warning("webhook of an alert call that is not there", extra={"call_sid": leg.call_sid})
        return None
    if leg.account_sid != alert.account_sid:
        # Another account's signature proves nothing about this call, whoever told it the token.
        raise InvalidWebhook({"AccountSid": "is not the account of this call"})
    bind(alert_call_id=alert.pk, call_sid=leg.call_sid, tenant_id=alert.tenant_id)
    progress.bind_sid(alert, leg.call_sid)
    return alert
