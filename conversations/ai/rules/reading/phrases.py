"""What a text means besides jobs, times and places: yes, no, “how much?”, “are you a robot?”. Data: `phrases.toml`."""

import re
from functools import lru_cache

from conversations.ai.rules.reading.data import WORDS, load
from conversations.ai.rules.reading.folding import fold, words

# Words that say nothing about what is to be done.
_EMPTY = WORDS["empty"]


_PATTERNS = {
    section: {name: re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)") for name, patterns in phrases.items()}
    for section, phrases in load("phrases.toml").items()
}
_INTENTS, _OURS, _ORDINALS = _PATTERNS["intents"], _PATTERNS["ours"], _PATTERNS["ordinals"]
_PLACES = {"first": 0, "second": 1, "middle": 1, "third": 2, "last": -1}


@lru_cache(maxsize=1024)
def intents(text: str) -> frozenset[str]:
    """Return the names of everything a customer's `text` means."""
    folded = fold(text)
    return frozenset(name for name, pattern in _INTENTS.items() if pattern.search(folded))


@lru_cache(maxsize=1024)
def ours(text: str) -> frozenset[str]:
    """Return what a text of ours, or of another dispatcher, asks (address, name, when, problem) and says."""
    folded = fold(text)
    return frozenset(name for name, pattern in _OURS.items() if pattern.search(folded))


def ordinal(text: str) -> int | None:
    """Return which of several offers `text` means, counted from 0, the last as -1; None if none, or more than one."""
    places = {_PLACES[name] for name, pattern in _ORDINALS.items() if pattern.search(fold(text))}
    return places.pop() if len(places) == 1 else None


def rest(text: str, *names: str) -> str:
    """Return folded `text` without what means `names`."""
    folded = fold(text)
    for name in names:
        folded = _INTENTS[name].sub(" ", folded)
    return folded


def content(text: str) -> list[str]:
    """Return the words of `text` that may say what is to be done."""
    return [word for word in words(text) if word not in _EMPTY and len(word) > 2 and not word.isdigit()]
