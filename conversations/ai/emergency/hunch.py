"""What the word lists have no sign for: how much a text's words are those of emergencies.

Each word, pair of neighbours and beginning of a long word has a weight, learnt from the labelled texts by
`nevermisscall.dev.weigh_emergencies`; their sum says how likely it is. The lists stay the first word, because they can
be read and mended; this one hears strangers who put things in words that nobody thought of.
"""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from conversations.ai.emergency.reading import Word
from conversations.ai.emergency.terms import WrongData

FILE = Path(__file__).with_name("data") / "weights.tsv"
THRESHOLD = 2.0  # the sum from which on it counts; above it 97 of 100 were emergencies in texts left out of learning
_BEGINNING = 5  # letters
_NAMED = 3  # of the words that weighed most


def features(words: Iterable[Word]) -> list[str]:
    """Return what is weighed of a text's words: each once, sorted."""
    texts = ["#" if word.text.isdecimal() else word.text for word in words]
    pairs = (f"{one} {other}" for one, other in pairwise(texts))
    beginnings = (f"{text[:_BEGINNING]}*" for text in texts if len(text) > _BEGINNING)
    return sorted({*texts, *pairs, *beginnings})


def told_by(words: Iterable[Word]) -> str:
    """Return the words that make an emergency likely, the weightiest first; blank if it is not likely."""
    bias, weights = _weights()
    known = {feature: weights[feature] for feature in features(words) if feature in weights}
    if bias + sum(known.values()) < THRESHOLD:
        return ""
    return " … ".join(sorted(known, key=known.__getitem__, reverse=True)[:_NAMED])


@cache
def _weights() -> tuple[float, dict[str, float]]:
    return parse_weights(FILE.read_text("utf-8"))


def parse_weights(text: str) -> tuple[float, dict[str, float]]:
    """Return the bias, which stands first under a blank name, and the weights. Raises `WrongData`."""
    weights = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, _, weight = line.partition("\t")
        try:
            weights[name] = float(weight)
        except ValueError as error:
            raise WrongData(f"weights.tsv: line {number} has no weight after a tab; write the file anew") from error
    if "" not in weights:
        raise WrongData("weights.tsv: has no bias, a line that begins with a tab; write the file anew")
    return weights.pop(""), weights
