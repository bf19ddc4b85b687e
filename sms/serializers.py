"""What Twilio sends about a message, in Twilio's spelling on the left and ours on the right."""

import uuid

from nevermisscall.webhooks.parsing import Params
from sms.services import MessageReport


def read_message_report(params: Params, query: dict[str, str]) -> MessageReport:
    """Read a status callback. `attempt` is our own token, from the query string of the URL that Twilio signed."""
    return MessageReport(
        message_sid=params.sid("MessageSid", ["SM", "MM"]),
        status=params.text("MessageStatus") or params.text("SmsStatus"),
        error_code=params.integer("ErrorCode"),
        attempt=_token(query.get("attempt", "")),
    )


def _token(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
