"""Twilio's Calls resource, read only: what became of a call."""

from dataclasses import dataclass
from datetime import datetime

from nevermisscall.twilio.client import Credentials, call_twilio, client


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as Twilio knows it."""

    call_sid: str
    status: str
    from_number: str
    to_number: str
    ended_at: datetime | None


def fetch(credentials: Credentials, call_sid: str) -> CallRecord:
    """Return Twilio's record of a call; `PermanentTwilioError` if it has none."""
    call = call_twilio(lambda: client(credentials).calls(call_sid).fetch())
    return CallRecord(call_sid, str(call.status or ""), call._from or "", call.to or "", call.end_time)


def any_child_answered(credentials: Credentials, parent_call_sid: str) -> bool:
    """Tell whether somebody, or a machine, talked on a leg that the call was forwarded to."""
    children = call_twilio(lambda: client(credentials).calls.list(parent_call_sid=parent_call_sid, limit=20))
    return any(str(child.status) in {"in-progress", "completed"} and child.duration != "0" for child in children)
