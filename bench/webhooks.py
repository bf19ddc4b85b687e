"""Webhooks as Twilio sends them: 28 fields, form-encoded, signed. Every one is made before the clock starts."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from urllib.parse import urlencode

from nevermisscall.twilio import signature
from nevermisscall.twilio.emulator.voice_params import passport

CALL_PATH = "/webhooks/twilio/call"
TEXT_PATH = "/webhooks/twilio/sms"
STATUS_PATH = "/api/webhooks/status"
AREA_CODES = ("212", "303", "312", "404", "415", "503", "617", "702", "808", "917")

_call_token = "%7B%22parentCallInfoToken%22%3A%22" + "eyJhbGciOiJFUzI1NiJ9" * 6 + "%22%7D"


@dataclass(frozen=True)
class Caller:
    """One call from one customer, whom nobody answers."""

    call_sid: str
    leg_sid: str
    from_number: str
    to_number: str


@dataclass
class Twilio:
    """Makes callers, and complete HTTP requests about them, for one account."""

    base_url: str
    account_sid: str
    token: str
    numbers: list[str]
    _serial: "count[int]" = field(default_factory=count)

    def callers(self, how_many: int) -> list[Caller]:
        """Return customers who never called before, spread over our numbers."""
        return [self._caller(next(self._serial)) for _ in range(how_many)]

    def call(self, caller: Caller) -> bytes:
        """The call arrives."""
        return self.request(CALL_PATH, self._fields(caller) | {"CallStatus": "ringing"})

    def progress(self, caller: Caller) -> bytes:
        """The owner's phone rings; four such reports come with each forwarded call."""
        leg = {"CallSid": caller.leg_sid, "ParentCallSid": caller.call_sid, "Direction": "outbound-dial"}
        news = {"CallStatus": "ringing", "SequenceNumber": "1", "CallbackSource": "call-progress-events"}
        return self.request(STATUS_PATH, self._fields(caller) | leg | news)

    def dial(self, caller: Caller) -> bytes:
        """Forwarding ended and nobody had answered."""
        result = {"DialCallStatus": "no-answer", "DialCallSid": caller.leg_sid, "DialBridged": "false"}
        fields = self._fields(caller) | {"CallStatus": "in-progress"} | result
        return self.request(f"{CALL_PATH}/status/{caller.call_sid}", fields)

    def request(self, path: str, fields: dict[str, str]) -> bytes:
        """Return the signed request, ready to be sent."""
        body = urlencode(fields)
        headers = {
            "Host": self.base_url.partition("://")[2],
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "Content-Length": str(len(body)),
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "X-Twilio-Signature": signature.compute(self.base_url + path, list(fields.items()), self.token),
        }
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def _caller(self, serial: int) -> Caller:
        area = AREA_CODES[serial % len(AREA_CODES)]
        return Caller(
            call_sid="CA" + secrets.token_hex(16),
            leg_sid="CA" + secrets.token_hex(16),
            from_number=f"+1{area}{2_000_000 + serial // len(AREA_CODES):07d}",
            to_number=self.numbers[serial % len(self.numbers)],
        )

    def _fields(self, caller: Caller) -> dict[str, str]:
        places = {"City": "SPRINGFIELD", "State": "OR", "Zip": "97477", "Country": "US"}
        whose = ("From", "Caller", "To", "Called")
        return {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": caller.call_sid,
            "CallToken": _call_token,
            "Direction": "inbound",
            "From": caller.from_number,
            "Caller": caller.from_number,
            "To": caller.to_number,
            "Called": caller.to_number,
            "CallerName": "WIRELESS CALLER",
            "StirVerstat": "TN-Validation-Passed-A",
            "StirPassportToken": passport(datetime.now(UTC), "signed"),
            **{f"{who}{name}": value for who in whose for name, value in places.items()},
        }
