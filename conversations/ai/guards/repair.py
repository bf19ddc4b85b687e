"""What is put right in a text without asking: signs, the introduction, the length."""

import re
import unicodedata

from conversations.ai.answers import MESSAGE_LIMIT
from conversations.ai.guards.reading import fold
from conversations.ai.protocol import AI, Request

PREFERRED_LENGTH = 320  # characters: two SMS

# Signs that are not in GSM-7 have a twin that is; one of them would make every 67 characters an SMS instead of 153.
_TWINS = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "‚": ",",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "−": "-",
        "‑": "-",
        "•": "-",
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u200b": "",
        "\ufeff": "",
        "`": "'",
    }
)
_INTRODUCTION = {
    "en": "This is {business}'s automated assistant. ",
    "es": "Soy el asistente automatizado de {business}. ",
}
_SAYS_SO = re.compile(r"\bautomated (?:assistant|system)\b|\basistente (?:automatic[oa]|automatizad[oa])\b")
_ENDS = re.compile(r"(?<=[.!?])\s+")


def tidy(text: str) -> str:
    """Return `text` with plain quotes and dashes, without Markdown's stars and double spaces."""
    text = unicodedata.normalize("NFC", text.translate(_TWINS)).replace("**", "").replace("__", "")
    return re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "\n", text)).strip()


def introduce(text: str, request: Request, language: str) -> str:
    """Say that an automated assistant writes, unless `text` or an earlier one of this conversation does."""
    said = [line.body for line in request.messages if line.sender_type == AI]
    if request.introduced or any(_SAYS_SO.search(fold(body)) for body in [text, *said]):
        return text
    return _INTRODUCTION[language if language in _INTRODUCTION else "en"].format(business=request.business.name) + text


def shorten(text: str) -> str:
    """Return `text` cut to 320 characters at the end of a sentence; whole if it has no sentence that is short enough.

    A question at its end is kept: without it the customer would not know what to answer.
    """
    if len(text) <= PREFERRED_LENGTH:
        return text
    first, *rest = _ENDS.split(text)
    question = rest.pop() if rest and rest[-1].endswith("?") else ""
    if len(first) + len(question) + 1 > PREFERRED_LENGTH:
        question = ""
    kept = first
    for sentence in rest:
        if len(kept) + len(sentence) + len(question) + 2 > PREFERRED_LENGTH:
            break
        kept += " " + sentence
    kept = f"{kept} {question}".strip()
    return kept if len(kept) <= PREFERRED_LENGTH else text[:MESSAGE_LIMIT]
