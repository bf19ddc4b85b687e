"""A text, cut up the way the rules look at it: plain lower-case letters, in sentences and clauses."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-"})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_HALF_DAY = re.compile(r"\b([ap])\. ?m\b\.?")
_SENTENCES = re.compile(r"(?<=[.!?])[\"')]*\s+|[\n¿¡]+|[!?](?=\S)")
_CLAUSES = re.compile(r"[,;:]\s+|\s-+\s|\b(?:but|however|though|pero|sino|aunque)\b")
# “No, …” answers a question; it denies nothing in what follows.
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|cant|dont|doesnt|wont|isnt|arent|unable|nobody|no one|nothing|without|neither|nor"
    r"|instead of)\b"
    r"|n't\b|\bno\b(?![,.!])|\b(?:nunca|nadie|sin|tampoco|ningun\w*|nada)\b"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, folded."""

    text: str
    is_question: bool

    def clauses(self) -> list[str]:
        """Return its parts between commas, colons and the word “but”."""
        return [clause for clause in _CLAUSES.split(self.text) if clause]


def fold(text: str) -> str:
    """Return `text` in lower case without accents, with straight quotes and one space between words."""
    text = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text).translate(_QUOTES)).casefold()
    plain = "".join(char for char in text if not unicodedata.combining(char))
    return _HALF_DAY.sub(r"\1m", plain)


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of `text`, folded."""
    found = []
    for part in _SENTENCES.split(fold(text)):
        if words := " ".join(part.split()):
            found.append(Sentence(words, is_question=words.rstrip("\"')").endswith("?")))
    return found


def is_denied(before: str) -> bool:
    """Tell whether the words before a claim deny it: “we can't promise …”."""
    return _NEGATION.search(before) is not None


def claims(sentence: Sentence, patterns: Sequence[re.Pattern[str]], *, unless_denied: bool = True) -> bool:
    """Tell whether `sentence`, or a clause of it, says one of `patterns` and does not deny it."""
    for clause in {sentence.text, *sentence.clauses()}:
        for pattern in patterns:
            match = pattern.search(clause)
            if match and not (unless_denied and is_denied(clause[: match.start()])):
                return True
    return False


def any_of(*patterns: str) -> list[re.Pattern[str]]:
    """Return `patterns` compiled; they see folded text."""
    return [re.compile(pattern) for pattern in patterns]


def words(listed: str) -> str:
    """Return the pattern of any of the words of `listed`; each may be a pattern, and `_` in it is a space."""
    return f"(?:{'|'.join(word.replace('_', ' ') for word in listed.split())})"
