"""Which word somebody meant."""

import re
from collections.abc import Iterable, Iterator, Mapping

# What a number can stand for: a small one, cold, cool or mild degrees, the age of somebody old, hot degrees, a year.
RANGES = (
    ("#few", 0, 9),
    ("#cold", 10, 45),
    ("#cool", 46, 59),
    ("#mild", 60, 64),
    ("#old", 65, 94),
    ("#hot", 95, 130),
    ("#year", 1980, 2099),
)
ANY_OTHER = "#other"

SHORTEST = 5  # letters; leave one out of a shorter word and it is another word
LONGEST = 16
_SHORTEST_SOUND = 4  # consonants; fewer are common to too many words
_TRIPLE = re.compile(r"(.)\1\1")
_VOWELS_AND_MUTES = re.compile(r"[aeiouyhw]")
_DOUBLE = re.compile(r"(.)\1+")
_SOFT_C = re.compile(r"c(?=[ei])")
_ALIKE = str.maketrans({"c": "k", "q": "k", "z": "s", "v": "b", "j": "g"})


class Speller:
    """Knows words, and which of them somebody meant.

    A long word is taken for another that begins alike, if both become equal when each loses one letter (a letter wrong,
    missing, too many, or two swapped), or if they sound alike: the same consonants in the same order. A short one only
    if a letter is doubled or two are swapped.
    """

    def __init__(
        self, known: Iterable[str], meant: Mapping[str, str], misspelt: Iterable[str], ordinary: Iterable[str]
    ) -> None:
        """Take the words of the data.

        `known` and `ordinary` ones are read as they are; `meant` names the word for a common misspelling; `misspelt`
        are the words that slips of the finger lead to.
        """
        self._known = frozenset(known)
        self._as_they_are = self._known | frozenset(ordinary)
        self._by_slip: dict[str, str] = {}
        self._by_shortened: dict[str, str] = {}
        self._by_sound: dict[str, str] = {}
        for word in sorted(misspelt):
            if len(word) < SHORTEST:
                self._by_slip.update(dict.fromkeys(_doubled_or_swapped(word), word))
                continue
            for shortened in (word, *_shortened(word)):
                self._by_shortened.setdefault(word[0] + shortened, word)
            if len(sound := _sound(word)) >= _SHORTEST_SOUND:
                self._by_sound.setdefault(sound, word)
        self._by_slip.update(meant)

    def correct(self, word: str) -> str:
        """Return the known word that `word` is or was meant to be; for a number its range; else `word`."""
        if word in self._as_they_are:
            return word
        if word.isdecimal():
            return _range(word)
        if _TRIPLE.search(word):
            twice, once = _TRIPLE.sub(r"\1\1", word), _TRIPLE.sub(r"\1", word)
            if once in self._known and twice not in self._known:
                return once
            word = twice
        if word in self._by_slip:
            return self._by_slip[word]
        if word.endswith("in") and word + "g" in self._known:  # leakin
            return word + "g"
        if word.endswith("s") and word[:-1] in self._known:  # the water's
            return word[:-1]
        return self._nearest(word) if SHORTEST <= len(word) <= LONGEST else word

    def _nearest(self, word: str) -> str:
        for shortened in (word, *_shortened(word)):
            if meant := self._by_shortened.get(word[0] + shortened):
                return meant
        meant = self._by_sound.get(_sound(word), word)
        return meant if meant[0] == word[0] and abs(len(meant) - len(word)) <= 2 else word


def _range(number: str) -> str:
    value = int(number[:5])
    return next((name for name, first, last in RANGES if first <= value <= last), ANY_OTHER)


def _shortened(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _doubled_or_swapped(word: str) -> Iterator[str]:
    for i in range(len(word)):
        yield word[: i + 1] + word[i:]
        yield word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]


def _sound(word: str) -> str:
    """Return the consonants of `word` without its ending -ing, those that sound alike made one."""
    hard = _SOFT_C.sub("s", word.removesuffix("ing"))
    return _DOUBLE.sub(r"\1", _VOWELS_AND_MUTES.sub("", hard).translate(_ALIKE))
