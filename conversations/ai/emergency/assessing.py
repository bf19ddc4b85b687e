"""Is a text an emergency? Word lists and small rules over its sentences, so that every answer can be explained."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

from conversations.ai.emergency.data import Entry, Sign, Terms, terms
from conversations.ai.emergency.reading import Word, read
from conversations.ai.language import detect_language

EMERGENCY, URGENT, NONE = "emergency", "urgent", "none"

_DENIED = 5  # words that a negation reaches
_WINDOW = 24  # words that belong together where nobody sets a full stop
_ONE_SENTENCE = 12  # a text this short is one, however many full stops it has


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a text tells about danger."""

    level: str  # emergency, urgent or none
    kind: str = ""  # a kind of terms.toml; blank where the level is none
    is_life_safety: bool = False
    matched: str = ""  # the words that it was told by, as they were understood
    language: str = ""  # en or es; blank: it shows neither


@dataclass(slots=True)
class _Hit:
    """A phrase of the data in the text, from word `start` up to `end`."""

    start: int
    end: int
    clause: int
    sentence: int
    words: list[str]
    entry: Entry
    live: bool = True  # it is said of here and now

    def means(self, *meanings: str) -> bool:
        return not self.entry.meanings.isdisjoint(meanings)


def assess(text: str, *, trade: str) -> Assessment:
    """Return what `text`, sent to a business of `trade`, tells about danger; never raises, whatever the text.

    The gravest sign that holds decides: emergencies before urgent ones, then in the order of the kinds.
    """
    data = terms()
    words = read(text)
    hits = _find(words, data)
    _silence(hits)
    live = [hit for hit in hits if hit.live]
    calmed = any(hit.means("calm", "contained") for hit in live) and not any(
        hit.means("persists", "cant_stop") for hit in live
    )
    order = {kind: number for number, kind in enumerate(data.kinds)}
    best = Assessment(NONE)
    for sign, told_by in _signs(hits, trade, data):
        safety = data.kinds[sign.kind]
        level = URGENT if calmed and not safety else sign.level
        if best.level == NONE or (level != EMERGENCY, order[sign.kind]) < (best.level != EMERGENCY, order[best.kind]):
            best = Assessment(level, sign.kind, safety, " … ".join(told_by))
    return replace(best, language=detect_language(text) or _language(live))


def _find(words: Sequence[Word], data: Terms) -> list[_Hit]:
    """Return the phrases in the text from left to right; where two begin alike, the longer one."""
    spelled = [data.speller.correct(word.text) for word in words]
    hits: list[_Hit] = []
    start = breaks = 0
    while start < len(words):
        clause, sentence = words[start].clause, words[start].sentence
        for end in range(min(start + data.longest, len(words)), start, -1):
            entry = data.phrases.get(tuple(spelled[start:end]))
            if entry and words[end - 1].clause == clause:
                breaks += _starts_anew(entry, hits[-1] if hits else None, start)
                hits.append(_Hit(start, end, clause + breaks, sentence, spelled[start:end], entry))
                for at in (start + place for place in sorted(entry.kept)):
                    alone = data.phrases[spelled[at],]
                    hits.append(_Hit(at, at + 1, clause + breaks, sentence, [spelled[at]], alone))
                start = end
                break
        else:
            start += 1
    return hits


def _starts_anew(entry: Entry, before: _Hit | None, start: int) -> bool:
    """Tell whether a clause starts here without a comma: at “but”, or where “and” is followed by “I smell”, “my”…"""
    if "break" in entry.meanings:
        return True
    return bool(before and before.end == start and before.means("joint") and entry.meanings & {"own", "strong_own"})


def _silence(hits: Sequence[_Hit]) -> None:
    """Take the life out of what is denied, asked, imagined, past or over.

    Each of these reaches no further than its clause; only what is over also takes back what was said before it.
    """
    ours = any(hit.means("own", "strong_own") for hit in hits)
    if not ours and any(hit.means("advert") for hit in hits):
        for hit in hits:
            hit.live = False
        return
    pressing = _clauses(hits, "now")
    elsewhere = (_clauses(hits, "past") - _clauses(hits, "present")) | (_clauses(hits, "paperwork") - pressing)
    listing = {clause - back for clause in _clauses(hits, "or") for back in (0, 1, 2)}
    clause = denied_from = denied_until = over = 0
    aside = for_good = False
    for hit in hits:
        if hit.clause != clause:
            clause, aside, for_good = hit.clause, False, False
            denied_until = denied_until if clause in listing else 0
        if hit.means("joint") or (hit.means("own") and hit.start > denied_from):
            denied_until = 0
        if hit.means("own"):
            aside = for_good
        if hit.means("strong_own"):
            aside = for_good = False
        hit.live = not aside and hit.start >= denied_until and clause not in elsewhere
        if hit.means("negation"):
            denied_from, denied_until = hit.end, hit.end + _DENIED
        if hit.live and (hit.means("resolved") or (hit.means("asked_back") and not ours)):
            over = hit.start
        for_good = for_good or hit.means("hypothetical", "thanks")
        aside = aside or for_good or (hit.means("question", "project") and clause not in pressing)
    for hit in hits:
        hit.live = hit.live and hit.start >= over


def _clauses(hits: Sequence[_Hit], meaning: str) -> set[int]:
    return {hit.clause for hit in hits if hit.means(meaning)}


def _signs(hits: Sequence[_Hit], trade: str, data: Terms) -> Iterator[tuple[Sign, list[str]]]:
    """Yield the signs that hold, each with the words that it was told by."""
    everywhere = _meanings(hits)
    for window in _windows(hits):
        live = [hit for hit in window if hit.live]
        said = _meanings(live)
        for sign in dict.fromkeys(sign for meaning in sorted(said) for sign in data.signs.get(meaning, ())):
            if (
                all(not need.isdisjoint(said) for need in sign.needs)
                and said.isdisjoint(sign.unless)
                and (not sign.along or not sign.along.isdisjoint(everywhere))
                and (not sign.trades or trade in sign.trades)
            ):
                told_by = (next(hit for hit in live if hit.means(*need)) for need in sign.needs)
                yield sign, [" ".join(hit.words) for hit in told_by]


def _windows(hits: Sequence[_Hit]) -> Iterator[list[_Hit]]:
    """Yield the hits that are taken together: a sentence, or pieces of one that does not end."""
    if hits and hits[-1].end <= _ONE_SENTENCE:
        yield list(hits)
        return
    sentences = [list(group) for _, group in groupby(hits, key=lambda hit: hit.sentence)]
    none: list[_Hit] = []
    for one, other in zip_longest(sentences, sentences[1:], fillvalue=none):
        first, last = one[0].start, one[-1].start
        for start in range(first, max(first, last - _WINDOW // 2) + 1, _WINDOW // 2):
            yield [hit for hit in one if start <= hit.start < start + _WINDOW]
        if other and other[-1].end - first <= _ONE_SENTENCE:
            yield one + other


def _meanings(hits: Iterable[_Hit]) -> frozenset[str]:
    return frozenset().union(*(hit.entry.meanings for hit in hits))


def _language(hits: Iterable[_Hit]) -> str:
    """Return the language that all words of one language are in; blank if there are none, or of both."""
    languages = {language for hit in hits for language in hit.entry.languages if len(hit.entry.languages) == 1}
    return languages.pop() if len(languages) == 1 else ""
