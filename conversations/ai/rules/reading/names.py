"""What the customer is called, if they say so."""

import re

from conversations.ai.rules.reading.data import WORDS

_LETTER = r"[A-Za-zÀ-ÖØ-öø-ɏ]"
_PART = rf"{_LETTER}(?:{_LETTER}|['’-](?={_LETTER})){{1,20}}"
_CAPITAL = rf"(?=[A-ZÀ-Ý]){_PART}"
_NAME = rf"{_CAPITAL}(?:\s+(?:{_CAPITAL}|[A-ZÀ-Ý]\b\.?)){{0,2}}"
_ANY_NAME = rf"{_PART}(?:\s+{_PART}){{0,1}}"

_SAID = re.compile(
    rf"\b(?i:my name is|my names|my name['’]s|name is|name:|me llamo|mi nombre es|a nombre de|nombre:)\s+"
    rf"(?P<name>{_NAME}|{_ANY_NAME})"
)
_HINTED = re.compile(
    rf"\b(?i:this is|i am|i['’]?m|soy|le habla|habla|call me)\s+(?P<name>{_NAME})"
    r"(?=\s*(?:$|[,.!;\n-]|(?i:and|y|from|de|at|here)\b))"
)
_SIGNED = re.compile(
    rf"(?:\b(?i:thanks|thank you|thx|gracias|saludos|regards),?\s+|[\n.!?]\s*[-–—~]\s?)(?P<name>{_NAME})[.!\s]*$"
)
_ALONE = re.compile(
    rf"[\W_]*(?:(?i:it['’]?s|its|yes|si|sí|sure|es)[,.]?\s+)?(?P<name>{_PART}(?:\s+{_PART}){{0,2}})[\W_]*"
)

_NO_NAMES = WORDS["no_names"]


def read_name(text: str, *, asked: bool = False) -> str:
    """Return the name that the writer of `text` gives; blank if none. `asked`: the text answers our question for it."""
    shouts = text.isupper()
    for pattern in (_SAID,) if shouts else (_SAID, _HINTED, _SIGNED):
        for match in pattern.finditer(text[:1_600]):
            if name := _checked(match["name"]):
                return name
    if asked and len(text) <= 60 and (alone := _ALONE.fullmatch(text)):
        return _checked(alone["name"], whole=True)
    return ""


def _checked(words: str, *, whole: bool = False) -> str:
    """Return the words up to the first that is no name. `whole`: all must be, or they were no answer."""
    kept: list[str] = []
    for word in words.split():
        if word.casefold().strip(".") in _NO_NAMES:
            if whole:
                return ""
            break
        kept.append(word if not (word.islower() or word.isupper()) or len(word) <= 2 else word.capitalize())
    return " ".join(kept)[:40]
