"""Places alert calls at Twilio, each once as far as that can be known, and settles those whose webhooks never come.

Twilio has no idempotency key. So `calling` is committed before the request; whatever proves nothing about the outcome
makes it `unknown`; and an unknown call is looked for (`calls.alerts.resolving`), never placed again blindly.
"""

import logging
from datetime import timedelta
from http import HTTPStatus

from django.db import connection, transaction

from calls.alerts import progress, resolving
from calls.alerts.models import UNDER_WAY, AlertCall, Status
from calls.alerts.services import CALL_QUEUE
from calls.models import TERMINAL, status_from
from calls.models import Status as CallStatus
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.outbox.places import Places
from nevermisscall.outbox.queues import Lane, Queue, Retry
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.twilio import outgoing_calls
from nevermisscall.twilio.errors import (
    AmbiguousTwilioError,
    CredentialsError,
    Kind,
    PermanentTwilioError,
    TransientTwilioError,
    TwilioError,
)
from tenants import accounts
from tenants.models import PhoneNumber, Tenant

MAX_TRIES = 8  # with the growing waits between them about two minutes
PHONE_BUSY = timedelta(seconds=2)
STILL_ON = timedelta(minutes=2)
HUNG_UP = timedelta(seconds=5)

logger = logging.getLogger(__name__)


def work_on(alert: AlertCall) -> timedelta | None:
    """Do what a claimed alert call needs next. Returns when to look at it again, or None when that is settled."""
    bind(alert_call_id=alert.pk, tenant_id=alert.tenant_id)
    if alert.status == Status.QUEUED:
        wait = _start(alert)
        return _request(alert) if alert.status == Status.CALLING else wait
    if alert.status == Status.CALLING:
        # Its sender died or lost its lease between the request and the answer.
        if not _move(alert, Status.UNKNOWN):
            return None
        logger.warning("a sender did not live to see Twilio's answer; looking for the call")
    if alert.status == Status.UNKNOWN:
        return resolving.look_for(alert)
    return _settle(alert) if alert.status in {Status.RINGING, Status.ANSWERED} else None


@transaction.atomic
def _start(alert: AlertCall) -> timedelta | None:
    """Commit `calling`, unless the phone rings for another alert, or the call may not be placed any more."""
    with connection.cursor() as cursor:
        # One call to a phone at a time: a second one would find it busy, and at Twilio nobody could tell them apart.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"alert>{alert.to_number}"])
    row = resolving.mine(alert)
    if row is None or row.status != Status.QUEUED:
        return None
    number = row.phone_number
    may_call = number.state != PhoneNumber.State.RELEASED and number.tenant.status == Tenant.Status.ACTIVE
    if row.canceled_at is not None or not may_call:
        progress.give_up(row)
    elif AlertCall.objects.filter(to_number=row.to_number, status__in=UNDER_WAY, dead_at__isnull=True).exists():
        return PHONE_BUSY
    else:
        row.status, row.tries, row.attempted_at, row.first_clean_look_at = Status.CALLING, row.tries + 1, utcnow(), None
        row.save(update_fields=["status", "tries", "attempted_at", "first_clean_look_at"])
        alert.status, alert.tries = row.status, row.tries
    return None


def _request(alert: AlertCall) -> timedelta | None:
    try:
        call_sid = outgoing_calls.create(
            accounts.credentials(alert.account_sid),
            from_number=alert.phone_number.number,
            to_number=alert.to_number,
            url=alert.url("words"),
            status_callback=alert.url("progress"),
            ring_seconds=progress.RING_SECONDS,
        )
    except AmbiguousTwilioError as error:
        logger.warning("nobody knows whether Twilio places the call", extra={"reason": str(error)})
        return resolving.FIRST_LOOK if _move(alert, Status.UNKNOWN) else None
    except (TransientTwilioError, CredentialsError) as error:
        return _try_again(alert, error)
    except PermanentTwilioError as error:
        return _try_again(alert, error) if error.kind == Kind.TRANSIENT else _refused(alert, error)
    resolving.found(alert, call_sid)
    return None


def _try_again(alert: AlertCall, error: TwilioError) -> timedelta | None:
    """Twilio certainly did not place it: again after 1 s, 2 s, 4 s…, since credentials get mended too."""
    if alert.tries >= MAX_TRIES:
        return _refused(alert, error)
    logger.warning("alert call will be tried again", extra={"reason": str(error)})
    return QUEUE.backoff(alert.tries) if _move(alert, Status.QUEUED) else None


@transaction.atomic
def _refused(alert: AlertCall, error: TwilioError) -> None:
    row = resolving.mine(alert)
    if row is not None:
        logger.error("Twilio does not place an alert call", extra={"reason": str(error)})
        progress.give_up(row, error_code=error.code or None)


def _settle(alert: AlertCall) -> timedelta | None:
    """Ask Twilio about a call that nobody told us the end of. One that rings on though it was canceled is hung up."""
    credentials = accounts.credentials(alert.account_sid)
    assert alert.call_sid is not None, "it rings, so Twilio has it"
    try:
        status = status_from(twilio_calls.fetch(credentials, alert.call_sid).status)
    except TwilioError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise Retry(str(error)) from error
        status = CallStatus.FAILED  # Twilio does not know the call
    if status in TERMINAL:
        resolving.end(alert, status)
        return None
    if alert.canceled_at is None or status == CallStatus.IN_PROGRESS:
        return STILL_ON
    try:
        outgoing_calls.cancel(credentials, alert.call_sid)
    except TwilioError as error:  # picked up or over by now, or to be tried again: the next look tells
        logger.warning("an alert call was not hung up", extra={"reason": str(error)})
    return HUNG_UP


def _move(alert: AlertCall, status: Status) -> bool:
    """Move between our own states while the lease is ours; False if a callback or another sender was faster."""
    moved = AlertCall.objects.filter(pk=alert.pk, fence=alert.fence, status=alert.status).update(status=status)
    if moved:
        alert.status = status
    return moved == 1


QUEUE = Queue(
    name=CALL_QUEUE,
    model=AlertCall,
    due="call_at",
    lane=Lane.URGENT,
    handle=work_on,
    max_attempts=10,
    places=Places(2),
    died=resolving.give_up,
)
