"""Twilio's Messages resource. Only `sms.sending` may import this: no other path to a person's phone exists."""

from dataclasses import dataclass
from datetime import datetime

from twilio.base import values
from twilio.rest.api.v2010.account.message import MessageInstance

from nevermisscall.twilio.client import Credentials, call_twilio, client


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message as Twilio knows it."""

    message_sid: str
    status: str
    body: str
    error_code: int | None
    created_at: datetime | None
    num_segments: int
    from_number: str  # blank while a Messaging Service has not chosen it
    messaging_service_sid: str


def create(
    credentials: Credentials,
    *,
    from_number: str,
    to_number: str,
    body: str,
    media_urls: list[str],
    status_callback: str,
    validity_seconds: int,
    messaging_service_sid: str = "",
) -> SentMessage:
    """Hand one text to Twilio. There is no idempotency key: after `AmbiguousTwilioError` look before sending again.

    With a Messaging Service it leaves through that pool, still from `from_number` (docs/decisions/0006-pools.md).
    """
    message = call_twilio(
        lambda: client(credentials).messages.create(
            from_=from_number,
            messaging_service_sid=messaging_service_sid or values.unset,
            to=to_number,
            body=body or values.unset,
            media_url=media_urls or values.unset,
            status_callback=status_callback,
            validity_period=validity_seconds or values.unset,
        )
    )
    return _as_sent(message)


def latest(
    credentials: Credentials, *, to_number: str, from_number: str | None = None, limit: int = 50
) -> list[SentMessage]:
    """Return the newest messages to a number, of one sender if given.

    No date filter: a message still queued has no DateSent.
    """
    sender = from_number or values.unset
    rows = call_twilio(
        lambda: client(credentials).messages.list(from_=sender, to=to_number, limit=limit, page_size=limit)
    )
    return [_as_sent(row) for row in rows]


def _as_sent(message: MessageInstance) -> SentMessage:
    return SentMessage(
        message_sid=message.sid or "",
        status=str(message.status or ""),
        body=message.body or "",
        error_code=message.error_code,
        created_at=message.date_created,
        num_segments=int(message.num_segments or 0),
        from_number=message.from_ or "",
        messaging_service_sid=message.messaging_service_sid or "",
    )
