"""Twilio's Messages resource. Only `sms.sending` may create one: no other path to a person's phone exists."""

from dataclasses import dataclass
from datetime import datetime

from twilio.base import values
from twilio.rest.api.v2010.account.message import MessageInstance

from nevermisscall.twilio.client import Credentials, call_twilio, client
from nevermisscall.twilio.paging import PAGE_SIZE, Page, day_after

MAX_MEDIA = 10


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A message as Twilio knows it."""

    message_sid: str
    status: str
    body: str
    error_code: int | None
    created_at: datetime | None
    num_segments: int
    from_number: str  # blank while a Messaging Service has not chosen it
    messaging_service_sid: str
    to_number: str = ""
    direction: str = ""  # inbound, outbound-api, or outbound-reply: Twilio's own answer to STOP, START and HELP
    sent_at: datetime | None = None  # None while it is queued at Twilio
    num_media: int = 0


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
) -> MessageRecord:
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
    return _as_record(message)


def latest(
    credentials: Credentials, *, to_number: str, from_number: str | None = None, limit: int = 50
) -> list[MessageRecord]:
    """Return the newest messages to a number, of one sender if given.

    No date filter: a message still queued has no DateSent.
    """
    sender = from_number or values.unset
    rows = call_twilio(
        lambda: client(credentials).messages.list(from_=sender, to=to_number, limit=limit, page_size=limit)
    )
    return [_as_record(row) for row in rows]


def page(
    credentials: Credentials, *, since: datetime, until: datetime, next_url: str = "", size: int = PAGE_SIZE
) -> Page[MessageRecord]:
    """Return one page of all texts, both ways, that were sent since then; `next_url` of the page before goes on.

    Days are the grain that Twilio promises: there may be more than was asked for. What is still queued at Twilio has no
    DateSent and comes with the time when it leaves.
    """
    messages = client(credentials).messages
    found = call_twilio(
        lambda: (
            messages.get_page(next_url)
            if next_url
            else messages.page(date_sent_after=since, date_sent_before=day_after(until), page_size=size)
        )
    )
    return Page([_as_record(row) for row in found], found.next_page_url or "")


def media(credentials: Credentials, message_sid: str) -> list[tuple[str, str]]:
    """Return the SID and the content type of each file of a text."""
    rows = call_twilio(lambda: client(credentials).messages(message_sid).media.list(limit=MAX_MEDIA))
    return [(row.sid or "", row.content_type or "") for row in rows]


def _as_record(message: MessageInstance) -> MessageRecord:
    return MessageRecord(
        message_sid=message.sid or "",
        status=str(message.status or ""),
        body=message.body or "",
        error_code=message.error_code,
        created_at=message.date_created,
        num_segments=int(message.num_segments or 0),
        from_number=message.from_ or "",
        messaging_service_sid=message.messaging_service_sid or "",
        to_number=message.to or "",
        direction=str(message.direction or ""),
        sent_at=message.date_sent,
        num_media=int(message.num_media or 0),
    )
