"""The phrases of the data that a text has, and which of them are said of here and now."""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.ai.emergency.reading import Word
from conversations.ai.emergency.terms import Entry, Terms

_DENIED = 5  # words that a negation reaches


@dataclass(slots=True)
class Hit:
    """A phrase in a text, from word `start` up to `end`."""

    start: int
    end: int
    clause: int
    sentence: int
    words: Sequence[str]
    entry: Entry
    live: bool = True  # it is said of here and now
    denied: bool = False

    def means(self, *meanings: str) -> bool:
        """Tell whether it stands for one of these."""
        return not self.entry.meanings.isdisjoint(meanings)


def find(words: Sequence[Word], data: Terms) -> list[Hit]:
    """Return the phrases from left to right; where two begin alike, the longer one."""
    correct = {word: data.speller.correct(word) for word in {word.text for word in words}}
    spelled = [correct[word.text] for word in words]
    hits: list[Hit] = []
    start = breaks = 0
    while start < len(words):
        clause, sentence = words[start].clause, words[start].sentence
        end = min(start + data.longest.get(spelled[start], 0), len(words))
        while end > start:
            entry = data.phrases.get(tuple(spelled[start:end]))
            if entry and words[end - 1].clause == clause:
                breaks += _starts_anew(entry, hits, start)
                hits.append(Hit(start, end, clause + breaks, sentence, spelled[start:end], entry))
                for at in sorted(start + place for place in entry.kept):
                    alone = data.phrases[spelled[at],]
                    hits.append(Hit(at, at + 1, clause + breaks, sentence, spelled[at : at + 1], alone))
                break
            end -= 1
        start = max(end, start + 1)
    return hits


def _starts_anew(entry: Entry, before: Sequence[Hit], start: int) -> bool:
    """Tell whether a clause starts here without a comma: at “but”, or where “and” is followed by “I smell” or “my”."""
    if "break" in entry.meanings:
        return True
    if entry.meanings.isdisjoint(("own", "witness")):
        return False
    return bool(before) and before[-1].end == start and before[-1].means("joint")


def silence(hits: Sequence[Hit]) -> None:
    """Take the life out of what is denied, asked, imagined, past or over.

    Each of these reaches no further than its clause; only what is over also takes back what was said before it.
    """
    ours = any(hit.means("own", "witness") for hit in hits)
    if not ours and any(hit.means("advert") for hit in hits):
        for hit in hits:
            hit.live = False
        return
    _deny(hits)
    _put_aside(hits)
    over = 0
    for hit in hits:
        said = hit.entry.meanings
        if hit.live and ("resolved" in said or ("asked_back" in said and not ours)):
            over = hit.start
        if "back" in said:
            over = 0
    for hit in hits:
        hit.live = hit.live and hit.start >= over


def _deny(hits: Sequence[Hit]) -> None:
    """“No smoke”: a few words of the clause, or of a list that ends with “or”."""
    lists = {clause - back for clause in _clauses(hits, "or") for back in (0, 1, 2)}
    clause = since = until = 0
    for hit in hits:
        said = hit.entry.meanings
        if hit.clause != clause:
            clause = hit.clause
            until = until if clause in lists else 0
        if "joint" in said or ("own" in said and hit.start > since):
            until = 0
        hit.denied = hit.start < until
        hit.live = not hit.denied
        if "negation" in said:
            since, until = hit.end, hit.end + _DENIED


def _put_aside(hits: Sequence[Hit]) -> None:
    """“Do you fix…”, “in case…”, “thanks for…”: the rest of the clause; “last year”, “the invoice”: all of it."""
    pressing = _clauses(hits, "now")
    elsewhere = _clauses(hits, "past") - _clauses(hits, "present", "back")
    elsewhere |= _clauses(hits, "paperwork") - pressing
    clause = 0
    aside = for_good = False
    for hit in hits:
        said = hit.entry.meanings
        if hit.clause != clause:
            clause, aside, for_good = hit.clause, False, False
        if "witness" in said:
            aside = for_good = False
        elif "own" in said:
            aside = for_good
        hit.live = hit.live and not aside and clause not in elsewhere
        for_good = for_good or "hypothetical" in said or "thanks" in said
        aside = aside or for_good or (("question" in said or "project" in said) and clause not in pressing)


def _clauses(hits: Sequence[Hit], *meanings: str) -> set[int]:
    return {hit.clause for hit in hits if hit.means(*meanings)}
