"""The sweep that settles calls whose callbacks never came: every inbound call ends with exactly one outcome."""

from datetime import datetime, timedelta
from http import HTTPStatus

from calls import rows, services
from calls.models import TERMINAL, Call, status_from
from nevermisscall.outbox.places import Places
from nevermisscall.outbox.queues import Lane, Queue, Retry
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.twilio.errors import TwilioError
from tenants import accounts

STILL_TALKING = timedelta(minutes=2)


def settle_call(call: Call) -> timedelta | None:
    """Ask Twilio how the call ended and decide it. A call that still goes on is looked at again in two minutes."""
    credentials = accounts.credentials(call.account_sid)
    try:
        record = twilio_calls.fetch(credentials, call.call_sid)
        talked = twilio_calls.any_child_answered(credentials, call.call_sid)
    except TwilioError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise Retry(str(error)) from error
        _decide(call, status="failed", ended_at=None)  # Twilio does not know the call
        return None
    if status_from(record.status) not in TERMINAL:
        return STILL_TALKING
    seen = rows.Seen(call.call_sid, call.account_sid, record.from_number, record.to_number)
    services.settle(call_id=call.pk, seen=seen, status=record.status, somebody_talked=talked, ended_at=record.ended_at)
    return None


def settle_by_what_we_know(call: Call) -> None:
    """Twilio could not be asked for a quarter of an hour: decide without it rather than never.

    If it is unknown when it ended, that is taken as long ago, so that the owner is told and nobody gets a stale text.
    """
    _decide(call, status="", ended_at=call.ended_at or call.started_at)


def _decide(call: Call, *, status: str, ended_at: datetime | None) -> None:
    seen = rows.Seen(call.call_sid, call.account_sid, call.from_number, call.to_number)
    talked = call.answered_at is not None or call.answered_by == "human"
    services.settle(call_id=call.pk, seen=seen, status=status, somebody_talked=talked, ended_at=ended_at)


QUEUE = Queue(
    name="calls.settle",
    model=Call,
    due="settle_at",
    lane=Lane.URGENT,
    handle=settle_call,
    max_attempts=10,
    places=Places(1),
    died=settle_by_what_we_know,
)
