"""A text as the rules see it: words with their clause and sentence, spelled the way the data spells them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

READ_AT_MOST = 1_600  # characters: the longest text there is

_APOSTROPHES = re.compile(r"(?<=\w)['’‘`´](?=\w)")
_REPEATED = re.compile(r"(.)\1{3,}")
_TRIPLE = re.compile(r"(.)\1\1")
_PIECE = re.compile(r"co2|[a-z]+|[0-9]+|[.!?\n]+|(?<=\s)-+(?=\s)|[^a-z0-9\s/&%'’\"°-]+")
_ADDRESS = re.compile(
    r"\b\d{1,6} (?:[nsew] )?(?:[a-z]+ ){1,2}(?:st|street|ave|avenue|blvd|boulevard|rd|road|ln|lane|dr|drive|ct|court"
    r"|way|pl|place|cir|circle|ter|terrace|pkwy|hwy|trail|trl)\b|\bcalle [a-z]+ \d{1,6}\b"
)
_REWRITTEN = {"🔥": " firesign ", "c.o.": "co", "h2o": "water", "a/c": "ac", "w/o": "without", "w/": "with "}
_SENTENCE_END = frozenset(".!?\n")

# What numbers can stand for; a phrase may ask for them, and `#cold` takes the small ones too.
RANGES = (("#few", 0, 9), ("#cold", 10, 50), ("#old", 65, 94), ("#hot", 95, 130), ("#year", 1980, 2099))

SHORTEST_TYPO = 5  # letters; one slip in a shorter word makes another word
LONGEST_TYPO = 16
SHORTEST_SOUND = 4  # consonants; fewer are common to too many words
_VOWELS_AND_H = re.compile(r"[aeiouyhw]")
_DOUBLE = re.compile(r"(.)\1+")
_SOFT_C = re.compile(r"c(?=[ei])")
_SOUNDS = str.maketrans({"c": "k", "q": "k", "z": "s", "v": "b", "j": "g"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, and where it stands; `clause` and `sentence` are counted from the start of the text."""

    text: str
    clause: int
    sentence: int


def read(text: str) -> list[Word]:
    """Return the words of `text`: lower case, no accents, no apostrophes, `baaaaad` as `baaad`."""
    text = unicodedata.normalize("NFKD", text[:READ_AT_MOST].casefold())
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = _REPEATED.sub(r"\1\1\1", _APOSTROPHES.sub("", text))
    text = _ADDRESS.sub(",", text)
    for written, meant in _REWRITTEN.items():
        text = text.replace(written, meant)
    words = []
    clause = sentence = 0
    for piece in _PIECE.findall(text):
        if piece[0].isalnum() and piece.isascii():
            words.append(Word(piece, clause, sentence))
        else:
            clause += 1
            sentence += piece[0] in _SENTENCE_END
    return words


class Speller:
    """Knows words, and which of them somebody meant.

    Two words are taken for the same if they begin alike and become equal when each loses one letter (a letter wrong,
    missing, too many, or two swapped), or if they sound alike: the same consonants in the same order.
    """

    def __init__(self, known: Iterable[str], misspelt: Iterable[str], ordinary: Iterable[str]) -> None:
        """`misspelt` are the words that typos lead to; `known` and `ordinary` ones are read as they are."""
        self._known = frozenset(known)
        self._as_they_are = self._known | frozenset(ordinary)
        self._by_shortened: dict[str, str] = {}
        self._by_sound: dict[str, str] = {}
        self._by_slip: dict[str, str] = {}
        for word in sorted(misspelt):
            if len(word) < SHORTEST_TYPO:
                self._by_slip.update(dict.fromkeys(_doubled_or_swapped(word), word))
                continue
            for shortened in (word, *_shortened(word)):
                self._by_shortened.setdefault(word[0] + shortened, word)
            if len(sound := _sound(word)) >= SHORTEST_SOUND:
                self._by_sound.setdefault(sound, word)

    def correct(self, word: str) -> str:
        """Return the known word that `word` is or was meant to be; else `word`."""
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
        if not SHORTEST_TYPO <= len(word) <= LONGEST_TYPO:
            return word
        for shortened in (word, *_shortened(word)):
            if meant := self._by_shortened.get(word[0] + shortened):
                return meant
        meant = self._by_sound.get(_sound(word), word)
        return meant if meant[0] == word[0] and abs(len(meant) - len(word)) <= 2 else word


def _range(number: str) -> str:
    """Return what a number can be: a small one, cold or hot degrees, the age of somebody old, or a year."""
    value = int(number[:5])
    for name, first, last in RANGES:
        if first <= value <= last:
            return name
    return "#other"


def _shortened(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _doubled_or_swapped(word: str) -> Iterator[str]:
    for i in range(len(word)):
        yield word[: i + 1] + word[i:]
        yield word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]


def _sound(word: str) -> str:
    """Return the consonants of `word` without its ending -ing, those that sound alike made one."""
    return _DOUBLE.sub(r"\1", _VOWELS_AND_H.sub("", _SOFT_C.sub("s", word.removesuffix("ing"))).translate(_SOUNDS))
