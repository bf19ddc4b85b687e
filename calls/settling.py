"""The sweep that settles calls whose callbacks never came: every inbound call ends with exactly one outcome."""

from datetime import timedelta

from calls import services
from calls.models import TERMINAL, Call, status_from
from nevermisscall.outbox.queues import Lane, Queue, Retry
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.twilio.errors import PermanentTwilioError, TwilioError
from tenants import accounts

STILL_TALKING = timedelta(minutes=2)


def settle_call(call: Call) -> timedelta | None:
    """Ask Twilio how the call ended and decide it. A call that still goes on is looked at again in two minutes."""
    credentials = accounts.credentials(call.account_sid)
    try:
        record = twilio_calls.fetch(credentials, call.call_sid)
        talked = twilio_calls.any_child_answered(credentials, call.call_sid)
    except PermanentTwilioError:
        # Twilio does not know the call or will not say.
        _settle_by_what_we_know(call, status="failed")
        return None
    except TwilioError as error:
        raise Retry(str(error)) from error
    if status_from(record.status) not in TERMINAL:
        return STILL_TALKING
    seen = services.Seen(call.call_sid, call.account_sid, record.from_number, record.to_number)
    services.settle(call_id=call.pk, seen=seen, status=record.status, somebody_talked=talked)
    return None


def settle_by_what_we_know(call: Call) -> None:
    """Twilio could not be asked for a long time: decide without it rather than never."""
    _settle_by_what_we_know(call, status="")


def _settle_by_what_we_know(call: Call, *, status: str) -> None:
    seen = services.Seen(call.call_sid, call.account_sid, call.from_number, call.to_number)
    talked = call.answered_at is not None or call.answered_by == "human"
    services.settle(call_id=call.pk, seen=seen, status=status, somebody_talked=talked)


QUEUE = Queue(
    name="calls.settle",
    model=Call,
    due="settle_at",
    lane=Lane.URGENT,
    handle=settle_call,
    max_attempts=10,
    died=settle_by_what_we_know,
)
