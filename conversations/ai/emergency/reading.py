"""A text as the rules see it: plain words, each with its clause and its sentence."""

import re
import unicodedata
from dataclasses import dataclass

READ_AT_MOST = 1_600  # characters: the longest text there is

_APOSTROPHES = re.compile(r"(?<=\w)['’‘`´](?=\w)")
_REPEATED = re.compile(r"(.)\1{3,}")
# A street may be called Waterfall or Fuego. At most two words of a name, so that “2 feet of water in my drive” stays.
_ADDRESS = re.compile(
    r"\b\d{1,6} (?:[nsew] )?(?:[a-z]+ ){1,2}(?:st|street|ave|avenue|blvd|boulevard|rd|road|ln|lane|dr|drive|ct|court"
    r"|way|pl|place|cir|circle|ter|terrace|pkwy|hwy|trail|trl)\b|\bcalle [a-z]+ \d{1,6}\b"
)
_FLAMES = re.compile("🔥+")
_REWRITTEN = {
    "a/c": "ac",
    "c.o.": "co",
    "c02": "co2",
    "h2o": "water",
    "w/o": "without",
    "w/": "with ",
}
_PIECE = re.compile(r"co2|[a-z]+|[0-9]+|[.!?\n]+|(?<=\s)-+(?=\s)|[^a-z0-9\s/&%'’\"°-]+")
_SENTENCE_END = frozenset(".!?\n")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, and where it stands; `clause` and `sentence` are counted from the start of the text."""

    text: str
    clause: int
    sentence: int


def read(text: str) -> list[Word]:
    """Return the words of `text`: lower case, no accents, no apostrophes, `baaaaad` as `baaad`, without addresses."""
    text = unicodedata.normalize("NFKD", text[:READ_AT_MOST].casefold())[:READ_AT_MOST]
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = _FLAMES.sub(" firesign ", text)
    for written, meant in _REWRITTEN.items():
        text = text.replace(written, meant)
    text = _ADDRESS.sub(",", _REPEATED.sub(r"\1\1\1", _APOSTROPHES.sub("", text)))
    words = []
    clause = sentence = 0
    for piece in _PIECE.findall(text):
        if piece.isascii() and piece.isalnum():
            words.append(Word(piece, clause, sentence))
        else:
            clause += 1
            sentence += piece[0] in _SENTENCE_END
    return words
