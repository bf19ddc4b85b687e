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


def create(
    credentials: Credentials,
    *,
    from_number: str,
    to_number: str,
    body: str,
    media_urls: list[str],
    status_callback: str,
    validity_seconds: int,
) -> SentMessage:
    """Hand one text to Twilio. There is no idempotency key: after `AmbiguousTwilioError` look before sending again."""
    message = call_twilio(
        lambda: client(credentials).messages.create(
            from_=from_number,
            to=to_number,
            body=body or values.unset,
            media_url=media_urls or values.unset,
            status_callback=status_callback,
            validity_period=validity_seconds or values.unset,
        )
    )
    return _as_sent(message)


def latest(credentials: Credentials, *, from_number: str, to_number: str, limit: int = 50) -> list[SentMessage]:
    """Return the newest messages between two numbers. No date filter: a message still queued has no DateSent."""
    rows = call_twilio(
        lambda: client(credentials).messages.list(from_=from_number, to=to_number, limit=limit, page_size=limit)
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
    )
