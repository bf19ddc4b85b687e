"""Phone numbers as Twilio sends them: E.164 when it can, and much else when it cannot (twilio-contract §1.3)."""

import re
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

# What carriers put into caller ID for a withheld number, as keypad letters. Compared as digits before any parsing,
# because some of them parse as real numbers of other countries.
PLACEHOLDERS = frozenset(
    {
        "266696687",  # ANONYMOUS
        "7378742833",  # RESTRICTED
        "17378742833",
        "7378742883",  # RESTRICTED, as older lists spell it
        "2562533",  # BLOCKED
        "8656696",  # UNKNOWN
        "86282452253",  # UNAVAILABLE
        "464",
    }
)
LONGEST = 40  # that a person may type, with blanks and brackets
_WITHHELD_WORDS = re.compile("anonymous|unknown|restricted|unavailable|blocked|private", re.IGNORECASE)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"\+?[0-9]{3,6}")


class CallerKind(StrEnum):
    """What a `From` is, so far as the number itself tells."""

    TEXTABLE = "textable"
    WITHHELD = "withheld"
    SHORT_CODE = "short_code"
    TOLL_FREE = "toll_free"
    APP = "app"  # client: and SIP addresses
    INVALID = "invalid"


def is_e164(number: str) -> bool:
    """Tell whether `number` has E.164 form. It may still not be assigned to anybody."""
    return _E164.fullmatch(number) is not None


def is_presentable(number: str) -> bool:
    """Tell whether `number` can be shown to a phone as the caller: E.164 only.

    For a call from an app Twilio asks for a caller ID of ours: https://www.twilio.com/docs/api/errors/13214
    """
    return is_e164(number) and number[1:] not in PLACEHOLDERS


@lru_cache(maxsize=4096)
def classify(number: str) -> CallerKind:
    """Say what kind of caller `number` (Twilio's `From`, verbatim) is."""
    if not number.strip() or _WITHHELD_WORDS.search(number):
        return CallerKind.WITHHELD
    if number.startswith(("client:", "sip:", "sips:")):
        return CallerKind.APP
    digits = re.sub(r"\D", "", number)
    if digits in PLACEHOLDERS:
        return CallerKind.WITHHELD
    if _SHORT_CODE.fullmatch(number):
        return CallerKind.SHORT_CODE
    parsed = _parse(number)
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        return CallerKind.INVALID
    if phonenumbers.number_type(parsed) == PhoneNumberType.TOLL_FREE:
        return CallerKind.TOLL_FREE
    return CallerKind.TEXTABLE


def normalise(number: str, *, region: str = "US") -> str:
    """Return what a person typed as E.164.

    Raises `ValueError`, with a sentence for that person, when it is no possible phone number.
    """
    if len(number) > LONGEST:
        raise ValueError(f"a phone number has at most {LONGEST} characters; write it like +14155550123")
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"“{number}” is not a phone number; write it like +14155550123") from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError(f"“{number}” has the wrong number of digits; write it like +14155550123")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def spoken(number: str) -> str:
    """Return `number` as separate digits, so that text-to-speech does not read it as one large figure."""
    return " ".join(re.sub(r"\D", "", number))


def national(number: str) -> str:
    """Return `number` as people of its country write it; anything that is not a phone number comes back unchanged."""
    parsed = _parse(number)
    return number if parsed is None else phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def _parse(number: str) -> phonenumbers.PhoneNumber | None:
    if not is_e164(number):
        return None
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None  # a country code that no country has
