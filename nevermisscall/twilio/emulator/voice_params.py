"""The form fields of Twilio's voice webhooks: https://www.twilio.com/docs/voice/twiml#request-parameters"""

import json
from base64 import urlsafe_b64encode
from datetime import datetime
from urllib.parse import quote

from nevermisscall.twilio.emulator.formats import API_VERSION, now, rfc2822
from nevermisscall.twilio.emulator.world import Call

Params = list[tuple[str, str]]

# What the network answers for each way a call can end (RFC 3261).
SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}


def base(call: Call, *, status: str | None = None) -> Params:
    """Return the fields that every request about `call` carries, blanks included."""
    params = {
        "AccountSid": call.account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": status or call.status,
        "Called": call.to,
        "Caller": call.from_,
        "Direction": call.direction,
        "From": call.from_,
        "To": call.to,
    }
    for who, number in (("From", call.from_), ("Caller", call.from_), ("To", call.to), ("Called", call.to)):
        params |= {f"{who}{part}": value for part, value in _place(number, who in {"From", "Caller"}).items()}
    if call.parent_sid:
        params["ParentCallSid"] = call.parent_sid
    if call.direction == "inbound":
        token = {"parentCallInfoToken": "emulated." + call.sid, "identityHeaderTokens": []}
        params["CallToken"] = quote(json.dumps(token))
        params["StirVerstat"] = "TN-Validation-Passed-A"
        params["StirPassportToken"] = passport(call.created_at, call.sid)
    if call.forwarded_from:
        params["ForwardedFrom"] = call.forwarded_from
    return list((params | call.extra).items())


def passport(issued_at: datetime, signature: str) -> str:
    """Return what a caller's network vouches for (RFC 8225), as far as anybody reads it: when."""
    payload = json.dumps({"iat": int(issued_at.timestamp())}).encode()
    return f"eyJhbGciOiJFUzI1NiJ9.{urlsafe_b64encode(payload).decode().rstrip('=')}.{signature}"


def event(call: Call, name: str, *, sequence: int) -> Params:
    """Return the fields of one call progress event: `initiated`, `ringing`, `answered` or `completed`."""
    status = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}.get(name, call.status)
    params = base(call, status=status)
    params += [
        ("Timestamp", rfc2822(now()) or ""),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(sequence)),
    ]
    if name == "completed":
        seconds = call.duration_seconds or 0
        params += [
            ("CallDuration", str(seconds)),
            ("Duration", str(-(-seconds // 60))),
            ("SipResponseCode", SIP_CODES[call.status]),
        ]
    return params


def _place(number: str, is_caller: bool) -> dict[str, str]:
    """Twilio knows a city for most callers, and often sends blanks for the number called."""
    if not number.startswith("+1"):
        return {"City": "", "State": "", "Zip": "", "Country": ""}
    if is_caller:
        return {"City": "SAN FRANCISCO", "State": "CA", "Zip": "94105", "Country": "US"}
    return {"City": "", "State": "CA", "Zip": "", "Country": "US"}
