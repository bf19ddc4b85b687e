"""Is a text an emergency? Word lists and small rules, so that every answer can be explained."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

from conversations.ai.emergency import hunch
from conversations.ai.emergency.phrases import Hit, find, silence
from conversations.ai.emergency.reading import read
from conversations.ai.emergency.terms import EMERGENCY, URGENT, Sign, Terms, terms
from conversations.ai.language import detect_language

NONE = "none"
OTHER = "other"

_WINDOW = 24  # words that belong together where nobody sets a full stop
_ONE_SENTENCE = 12  # words that belong together however many full stops there are
_start = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a text tells about danger."""

    level: str  # emergency, urgent or none
    kind: str = ""  # one of data/signs.toml; blank where the level is none
    is_life_safety: bool = False
    matched: str = ""  # the words that it was told by, as they were understood
    language: str = ""  # en or es; blank: the text shows neither


def assess(text: str, *, trade: str) -> Assessment:
    """Return what `text`, sent to a business of `trade`, tells about danger; never raises, whatever the text.

    The gravest sign decides: emergencies before urgent ones, then in the order of the kinds. What is under control or
    called no emergency counts as urgent, unless a life may be at risk. Where no sign holds, the weights of the words
    decide (`hunch`).
    """
    data = terms()
    words = read(text)
    hits = find(words, data)
    silence(hits)
    live = [hit for hit in hits if hit.live]
    calmed = any(hit.means("calm", "contained") for hit in live)
    calmed = calmed and not any(hit.means("persists", "cant_stop") for hit in live)
    gravity = {kind: number for number, kind in enumerate(data.kinds)}
    best = Assessment(NONE)
    for sign, told_by in _signs(hits, trade, data):
        level = URGENT if calmed and not data.kinds[sign.kind] else sign.level
        rank = (level != EMERGENCY, gravity[sign.kind])
        if best.level == NONE or rank < (best.level != EMERGENCY, gravity[best.kind]):
            best = Assessment(level, sign.kind, data.kinds[sign.kind], told_by)
    if best.level != EMERGENCY and not calmed and (likely := hunch.told_by(words)):
        best = Assessment(EMERGENCY, OTHER, data.kinds[OTHER], likely)
    return replace(best, language=detect_language(text) or _language(live))


def _signs(hits: Sequence[Hit], trade: str, data: Terms) -> Iterator[tuple[Sign, str]]:
    """Yield the signs that hold, each with the words that it was told by."""
    everywhere = _meanings(hit for hit in hits if not hit.denied)
    seen = set()
    for window in _windows(hits):
        live = [hit for hit in window if hit.live]
        said = _meanings(live)
        if said in seen:
            continue
        seen.add(said)
        for sign in dict.fromkeys(sign for meaning in sorted(said) for sign in data.signs.get(meaning, ())):
            if (
                not any(need.isdisjoint(said) for need in sign.needs)
                and said.isdisjoint(sign.unless)
                and everywhere.isdisjoint(sign.nowhere)
                and not (sign.along and sign.along.isdisjoint(everywhere))
                and (not sign.trades or trade in sign.trades)
            ):
                told_by = (" ".join(next(hit.words for hit in live if hit.means(*need))) for need in sign.needs)
                yield sign, " … ".join(dict.fromkeys(told_by))


def _windows(hits: Sequence[Hit]) -> Iterator[Sequence[Hit]]:
    """Yield the hits that are taken together: a sentence, two short ones, pieces of one that does not end."""
    if hits and hits[-1].end <= _ONE_SENTENCE:
        yield hits
        return
    sentences = [list(group) for _, group in groupby(hits, key=attrgetter("sentence"))]
    for number, one in enumerate(sentences):
        first, last = one[0].start, one[-1].start
        for start in range(first, max(first, last - _WINDOW // 2) + 1, _WINDOW // 2):
            yield one[bisect_left(one, start, key=_start) : bisect_left(one, start + _WINDOW, key=_start)]
        for other in sentences[number + 1 : number + 2]:
            if other[-1].end - first <= _ONE_SENTENCE:
                yield one + other


def _meanings(hits: Iterable[Hit]) -> frozenset[str]:
    return frozenset().union(*(hit.entry.meanings for hit in hits))


def _language(hits: Iterable[Hit]) -> str:
    """Return the language that all words of one language are in; blank if there are none, or of both."""
    languages = {language for hit in hits for language in hit.entry.languages if len(hit.entry.languages) == 1}
    return languages.pop() if len(languages) == 1 else ""
