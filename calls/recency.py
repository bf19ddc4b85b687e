"""Is a missed call one of now?

A signature has no time in it: whoever kept a signed request that we never recorded can post it years later. Asked by a
worker before the text-back; docs/decisions/0008 says why so.
"""

import json
import logging
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from calls.models import Call, CallEvent
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.twilio.errors import TwilioError
from nevermisscall.webhooks.models import WebhookReceipt
from tenants import accounts

OLD = timedelta(hours=1)  # Twilio's own retries end within minutes
UNREADABLE = (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError)

logger = logging.getLogger(__name__)


def is_recent(*, call_id: int) -> bool:
    """Tell whether the call was made when it reached us, as far as that can be known; not for use in a transaction.

    Twilio is asked only if none of its webhooks has a recent time among its signed fields. If it cannot be asked the
    call counts as recent: an honest caller is the likelier one.
    """
    call = Call.objects.get(pk=call_id)
    if call.events.filter(kind__in=[CallEvent.Kind.SETTLED, CallEvent.Kind.FOUND]).exists():
        return True  # its times are Twilio's, and a text about what ended long ago does not leave
    receipts = WebhookReceipt.objects.filter(pk__in=call.events.values("receipt_id"))
    for params, received_at in receipts.values_list("params", "received_at"):
        if any(received_at - said_at < OLD for said_at in _signed_times(params)):
            return True
    return _is_recent_at_twilio(call)


def _is_recent_at_twilio(call: Call) -> bool:
    try:
        made_at = twilio_calls.fetch(accounts.credentials(call.account_sid), call.call_sid).created_at
    except TwilioError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            logger.warning("Twilio could not say when a call was made: taken as recent", extra={"reason": str(error)})
            return True
        made_at = None
    if made_at is not None and call.started_at - made_at < OLD:
        return True
    logger.error("an old call was posted again: somebody else has a signed request; nobody is texted")
    return False


def _signed_times(params: dict[str, str]) -> Iterator[datetime]:
    """Yield when the event happened that a webhook tells of, and when the caller's network vouched for the number."""
    with suppress(*UNREADABLE):
        yield parsedate_to_datetime(params.get("Timestamp", "")).astimezone(UTC)
    with suppress(*UNREADABLE):
        # A PASSporT, RFC 8225. Whose signature it bears is Twilio's to check; here it is a field that Twilio signed.
        _, payload, _ = params.get("StirPassportToken", "").split(".", 2)
        yield datetime.fromtimestamp(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iat"], UTC)
