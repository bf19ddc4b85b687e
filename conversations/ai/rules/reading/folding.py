"""Texts as the rules read them: lower case, no accents, no apostrophes, thumbs as words."""

import re
import unicodedata
from functools import lru_cache

READ_AT_MOST = 1_600  # characters; the longest text that a phone can send

_SIGNS = str.maketrans({"👍": " yes ", "👌": " yes ", "👎": " no ", "–": "-", "—": "-", "…": " . ", "\n": " . "})
_APOSTROPHES = re.compile(r"['’‘`´]")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[a-z0-9]+")


@lru_cache(maxsize=512)
def fold(text: str) -> str:
    """Return `text` in plain lower-case letters, so that “¿Está  abierto?” and “esta abierto?” read alike."""
    text = text[:READ_AT_MOST].translate(_SIGNS).casefold()
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    text = _REPEATED.sub(r"\1", _APOSTROPHES.sub("", text))
    return _SPACE.sub(" ", text).strip()


def words(text: str) -> list[str]:
    """Return the words of `text`, folded."""
    return _WORD.findall(fold(text))
