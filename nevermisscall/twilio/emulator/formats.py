"""SIDs, dates, numbers and lengths, written the way Twilio writes them."""

import re
import uuid
from datetime import UTC, datetime
from email.utils import format_datetime

API_VERSION = "2010-04-01"

_GSM_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = set("\f^{}\\[~]|€")


def new_sid(prefix: str) -> str:
    """Return a fresh SID: two letters and 32 hexadecimal digits."""
    return prefix + uuid.uuid4().hex


def now() -> datetime:
    return datetime.now(UTC)


def rfc2822(moment: datetime | None) -> str | None:
    """Format as every v2010 resource and callback does: `Fri, 20 Aug 2010 01:13:42 +0000`."""
    return format_datetime(moment) if moment else None


def e164(text: str) -> str | None:
    """Return `text` as E.164, or None. Ten digits without a plus are read as a US number, as Twilio does."""
    digits = re.sub(r"[\s().-]", "", text)
    if re.fullmatch(r"\d{10}", digits):
        digits = "+1" + digits
    elif re.fullmatch(r"1\d{10}", digits):
        digits = "+" + digits
    if digits.startswith("+1"):
        return digits if re.fullmatch(r"\+1[2-9]\d{9}", digits) else None
    return digits if re.fullmatch(r"\+[2-9]\d{6,14}", digits) else None


def national(phone_number: str) -> str:
    """Return `+14158675308` as `(415) 867-5308`, other countries unchanged."""
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", phone_number)
    return "({}) {}-{}".format(*match.groups()) if match else phone_number


def segments(body: str) -> int:
    """Return how many SMS segments `body` takes: GSM-7 160/153, anything else UCS-2 70/67 (an emoji is two units)."""
    if all(character in _GSM_BASIC or character in _GSM_EXTENDED for character in body):
        length = sum(2 if character in _GSM_EXTENDED else 1 for character in body)
        single, multi = 160, 153
    else:
        length = len(body.encode("utf-16-be", "surrogatepass")) // 2
        single, multi = 70, 67
    return 1 if length <= single else -(-length // multi)
