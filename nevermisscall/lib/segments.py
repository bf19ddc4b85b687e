"""How many SMS a text is: what carriers count, and Twilio bills, for each message.

A text whose every character is in GSM-7 holds 160 of them, or 153 in each part of a longer one; any other character
makes the whole text UCS-2 with 70 and 67. GSM-7's second table costs two places, and so does an emoji in UCS-2; a
pair of places is never split between two parts. https://www.twilio.com/docs/glossary/what-sms-character-limit
"""

from collections.abc import Iterable

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")

GSM_7 = (160, 153)
UCS_2 = (70, 67)


def is_gsm7(text: str) -> bool:
    """Tell whether every character of `text` is in GSM-7, so that it costs the least."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def segments(text: str) -> int:
    """Return the number of SMS that `text` takes; an empty text takes one."""
    if is_gsm7(text):
        return _parts((2 if character in _EXTENDED else 1 for character in text), *GSM_7)
    return _parts((2 if ord(character) > 0xFFFF else 1 for character in text), *UCS_2)


def _parts(widths: Iterable[int], single: int, each: int) -> int:
    total, parts, used = 0, 1, 0
    for width in widths:
        total += width
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return 1 if total <= single else parts
