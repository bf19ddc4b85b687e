"""What strangers type, made safe to store and to put into XML."""

import re

# Everything XML 1.0 forbids: most control characters, lone surrogates and the two non-characters. The Twilio SDK and
# Django's autoescaping both let these through, and one of them turns a TwiML answer into error 12100.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# PostgreSQL refuses NUL in text and lone surrogates cannot be encoded to UTF-8 at all.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def xml_safe(text: str) -> str:
    """Return `text` without the characters that no XML document may contain. Markup is escaped elsewhere."""
    return _NOT_XML.sub("", text)


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold `text` as it is."""
    return _NOT_STORABLE.search(text) is None


def storable(text: str) -> str:
    """Return `text` without the characters that PostgreSQL or UTF-8 cannot hold."""
    return _NOT_STORABLE.sub("", text)
