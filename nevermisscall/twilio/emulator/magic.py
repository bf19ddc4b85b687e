"""Phone numbers that decide their own fate. `docs/emulator.md` has the table.

Twilio's own: https://www.twilio.com/docs/iam/test-credentials. Ours: `+150055` followed by a Twilio error code of five
digits; 2xxxx refuses the create, 3xxxx accepts it and fails the delivery. `+1500554SSSS` delivers after SSSS seconds,
`+15005560000` never gets beyond `sent`.
"""

import re
from dataclasses import dataclass

MESSAGE_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MESSAGE_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
CALL_FROM = {"+15005550001": 21212}
CALL_TO = {"+15005550001": 21217, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}
BUY = {"+15005550000": 21422, "+15005550001": 21421}
BUY_AREA_CODE = {"533": 21452}
VALID_FROM = "+15005550006"  # sends and calls without being configured

# These never leave Twilio (`failed`); every other code comes back from a carrier (`undelivered`).
NEVER_SENT = frozenset({21610, 30001, 30002, 30022, 30023, 30027, 30036})


@dataclass(frozen=True)
class Destination:
    """What happens to a text to one number."""

    refuse: int | None = None  # error code of the create request
    fail: int | None = None  # error code of the delivery
    delay_seconds: float = 0.0  # virtual, on top of the usual time to deliver
    silent: bool = False  # the carrier sends no receipt: `sent` is final


def destination(to: str) -> Destination:
    """Read what the number itself says."""
    if to in MESSAGE_TO:
        return Destination(refuse=MESSAGE_TO[to])
    if to == "+15005560000":
        return Destination(silent=True)
    if match := re.fullmatch(r"\+150055(2\d{4})", to):
        return Destination(refuse=int(match[1]))
    if match := re.fullmatch(r"\+150055(3\d{4})", to):
        return Destination(fail=int(match[1]))
    if match := re.fullmatch(r"\+1500554(\d{4})", to):
        return Destination(delay_seconds=float(match[1]))
    return Destination()
