"""What Twilio sends about a message, in Twilio's spelling on the left and ours on the right."""

import re
import uuid

from nevermisscall.webhooks.parsing import Params
from sms.receiving import InboundMedia, InboundText
from sms.services import MessageReport

MAX_MEDIA = 10

_MEDIA_URL = re.compile(
    r"https?://[^/?#]+/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages/((?:SM|MM)[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})"
)


def read_text(params: Params) -> InboundText:
    """Read an inbound text. The body stays as it was sent, whitespace and length included."""
    count = min(params.integer("NumMedia") or 0, MAX_MEDIA)
    return InboundText(
        message_sid=params.sid("MessageSid", ["SM", "MM"]),
        account_sid=params.text("AccountSid"),
        from_number=params.text("From")[:255],
        to_number=params.text("To")[:255],
        body=params.text("Body"),
        media=tuple(_media(params, index) for index in range(count)),
        num_segments=_count(params.integer("NumSegments")),
        opt_out_type=params.text("OptOutType"),
    )


def _media(params: Params, index: int) -> InboundMedia:
    """Take the SIDs out of a file's URL; the URL itself is never used. Its host does not matter, its account does."""
    found = _MEDIA_URL.fullmatch(params.text(f"MediaUrl{index}"))
    ours = found is not None and found[1] == params.text("AccountSid")
    return InboundMedia(
        parent_sid=found[2] if found and ours else "",
        media_sid=found[3] if found and ours else "",
        content_type=params.text(f"MediaContentType{index}")[:100],
    )


def _count(number: int | None) -> int | None:
    """Twilio's count of segments, unless it cannot be one."""
    return number if number is not None and 0 < number < 1000 else None


def read_message_report(params: Params, query: dict[str, str]) -> MessageReport:
    """Read a status callback. `attempt` is our own token, from the query string of the URL that Twilio signed."""
    return MessageReport(
        message_sid=params.sid("MessageSid", ["SM", "MM"]),
        account_sid=params.text("AccountSid"),
        status=params.text("MessageStatus") or params.text("SmsStatus"),
        error_code=params.integer("ErrorCode"),
        attempt=_token(query.get("attempt", "")),
    )


def _token(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
