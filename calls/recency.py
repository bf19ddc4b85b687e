"""Is a missed call one of now?

A signature has no time in it: whoever kept a signed request that we never recorded can post it years later. Asked by a
worker before the text-back; docs/decisions/0008 says why so.
"""

import json
import logging
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from calls.models import Call, CallEvent
from nevermisscall.lib.clock import utcnow
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.twilio.client import Credentials
from nevermisscall.twilio.errors import TwilioError
from nevermisscall.webhooks.models import WebhookReceipt
from tenants import accounts

OLD = timedelta(hours=1)  # Twilio's own retries end within minutes
ASKING_SECONDS = 1.5  # a text-back waits no longer for Twilio's answer
NO_SUCH_CALL = 20404
TOO_OLD, UNKNOWN = "old", "unknown"  # Twilio's answers, in an event's detail; the third is `recent`
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError)

logger = logging.getLogger(__name__)


def is_recent(*, call_id: int) -> bool:
    """Tell whether the call was made when it reached us, as far as that can be known; not for use in a transaction.

    Twilio is asked only if none of its webhooks has a recent time among its signed fields, once for each call. If it
    does not answer soon the call counts as recent: an honest caller is the likelier one.
    """
    call = Call.objects.get(pk=call_id)
    if call.events.filter(kind__in=[CallEvent.Kind.SETTLED, CallEvent.Kind.FOUND]).exists():
        return True  # its times are Twilio's, and a text about what ended long ago does not leave
    receipts = WebhookReceipt.objects.filter(pk__in=call.events.values("receipt_id"))
    for params, received_at in receipts.values_list("params", "received_at"):
        if any(received_at - said_at < OLD for said_at in _signed_times(params)):
            return True
    return _asked(call) != TOO_OLD


def _asked(call: Call) -> str:
    """Return Twilio's answer, from the first time that this call was asked about: one question for each."""
    known = call.events.filter(kind=CallEvent.Kind.ASKED).values_list("detail", flat=True).first()
    if known is not None:
        return known
    answer = _ask(call)
    CallEvent.objects.create(call=call, kind=CallEvent.Kind.ASKED, detail=answer, occurred_at=utcnow())
    return answer


def _ask(call: Call) -> str:
    try:
        made_at = _made_at(accounts.credentials(call.account_sid), call.call_sid)
    except (TwilioError, TimeoutError, *UNREADABLE) as error:
        if not (isinstance(error, TwilioError) and error.code == NO_SUCH_CALL):
            logger.warning("Twilio could not say when a call was made: taken as recent", extra={"reason": repr(error)})
            return UNKNOWN
        made_at = None
    if made_at is not None and call.started_at - made_at < OLD:
        return "recent"
    logger.error("an old call was posted again: somebody else has a signed request; nobody is texted")
    return TOO_OLD


def _made_at(credentials: Credentials, call_sid: str) -> datetime:
    """Return when Twilio says that the call was made, or raise within ASKING_SECONDS, whatever hangs."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="recency")  # its own timeouts end it some seconds later
    asked = thread.submit(twilio_calls.fetch, credentials, call_sid)
    thread.shutdown(wait=False)
    made_at = asked.result(timeout=ASKING_SECONDS).created_at
    if not isinstance(made_at, datetime):
        raise TypeError(f"{made_at!r} is not a time")
    return made_at


def _signed_times(params: dict[str, str]) -> Iterator[datetime]:
    """Yield when the event happened that a webhook tells of, and when the caller's network vouched for the number."""
    with suppress(*UNREADABLE):
        yield parsedate_to_datetime(params.get("Timestamp", "")).astimezone(UTC)
    with suppress(*UNREADABLE):
        # A PASSporT, RFC 8225. Whose signature it bears is Twilio's to check; here it is a field that Twilio signed.
        _, payload, _ = params.get("StirPassportToken", "").split(".", 2)
        yield datetime.fromtimestamp(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iat"], UTC)
