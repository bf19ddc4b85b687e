"""The trades and their jobs: which words in a text name which job, and what is worth asking about it.

All of it is data, `data/trades/*.toml`; `plumbing.toml` explains how its words are read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conversations.ai.rules.reading.data import DATA, load
from conversations.ai.rules.reading.folding import fold, words

GENERAL = "general"

_SENTENCES = re.compile(r"[.!?;\n]+\s|\n")

Needles = frozenset[str]  # one of them must occur
Entry = tuple[Needles, ...]  # each of them must


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of work, such as `plumbing_drain`."""

    type: str
    trade: str
    urgency: str
    label: Mapping[str, str]  # by language
    question: Mapping[str, str]  # by language; empty: nothing worth asking
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Trade:
    """What a business does."""

    key: str
    name: Mapping[str, str]  # by language
    aliases: frozenset[str]
    jobs: tuple[Job, ...]
    entries: tuple[Entry, ...]  # words for the trade itself


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a text asks of a business: one of its jobs, or work of another trade, or neither."""

    job: Job | None = None
    foreign: Trade | None = None


def trade_of(word: str) -> Trade:
    """Return the trade that a business calls `word`; one without jobs of its own if we know nothing of it."""
    folded = fold(word)
    for trade in TRADES:
        if folded == trade.key or folded in trade.aliases:
            return trade
    name = word.strip()[:40] or GENERAL
    return Trade(key=_slug(folded), name={"en": name, "es": name}, aliases=frozenset(), jobs=(), entries=())


@lru_cache(maxsize=1024)
def recognise(text: str, trade_word: str) -> Recognised:
    """Return what `text` asks of a business of the trade `trade_word`.

    Work of another trade counts only where no sentence asks for ours: “the light went out after the leak” is a leak to
    a plumber. A general business does the work of every trade; one whose trade we do not know is sent nobody else's.
    """
    trade = trade_of(trade_word)
    own = TRADES if trade.key == GENERAL else (trade,)
    sentences = [sentence for sentence in _SENTENCES.split(text) if sentence]
    found = [_asked(_seen(sentence), own) for sentence in sentences] if len(sentences) > 1 else []
    found.append(_asked(_seen(text), own))
    if not trade.jobs:
        return Recognised()
    job = max((mine for mine, _ in found if mine), key=lambda mine: len(mine.words), default=None)
    if job:
        return Recognised(job=job.job)
    return Recognised(foreign=next((other.trade for _, other in found if other), None))


def _asked(seen: Needles, own: Sequence[Trade]) -> tuple["_Found | None", "_Found | None"]:
    """Return the work of ours that a text with these words asks for, or else that of others."""
    mine = max((_best(seen, trade) for trade in own), key=lambda found: len(found.words))
    others = (_best(seen, trade) for trade in TRADES if trade not in own)
    other = max(others, key=lambda found: len(found.words), default=None)
    if mine.job and not (other and other.covers(mine)):
        return mine, None
    return None, other if other and other.words > mine.words else None


def is_about(text: str, job: Job) -> bool:
    """Tell whether `text`, such as the name of an estimate, means that job."""
    return _best(_seen(text), trade_of(job.trade)).job is job


def other_type(trade_word: str) -> str:
    """The job type of work that the vocabulary does not know."""
    return f"{trade_of(trade_word).key}_other"


@dataclass(frozen=True, slots=True)
class _Found:
    """The longest entry of a trade that fits a text; its job is None where only the trade is named."""

    trade: Trade
    job: Job | None
    words: frozenset[str]  # of the text, by which it fits

    def covers(self, other: "_Found") -> bool:
        """Tell whether this says all that `other` does, and more: “roof leak” covers “leak”."""
        return self.words > other.words


def _best(seen: Needles, trade: Trade) -> _Found:
    best = _Found(trade, None, frozenset())
    if not seen:
        return best
    most = (0, 0)
    for job in trade.jobs:
        fitting = [found for entry in job.entries if (found := _fit(seen, entry))]
        longest = max(fitting, key=len, default=frozenset[str]())
        if fitting and (len(longest), len(fitting)) > most:
            best, most = _Found(trade, job, longest), (len(longest), len(fitting))
    named = next((found for entry in trade.entries if (found := _fit(seen, entry))), None)
    return _Found(trade, None, named) if named and not best.job else best


def _fit(seen: Needles, entry: Entry) -> frozenset[str]:
    """Return the words of a text that fit the entry, one of each unit; none if it does not fit."""
    for needles in entry:
        if needles.isdisjoint(seen):  # nearly always; so this is all that most entries cost
            return frozenset()
    return frozenset(min(needles & seen) for needles in entry)


@lru_cache(maxsize=1024)
def _seen(text: str) -> Needles:
    """Return the words of the vocabulary that `text` has."""
    line = f" {' '.join(words(text))} "
    return frozenset(needle for needle in _NEEDLES if needle in line)


def _slug(folded: str) -> str:
    return "_".join(words(folded))[:30] or GENERAL


def _entries(written: Iterable[str], groups: Mapping[str, Needles]) -> tuple[Entry, ...]:
    return tuple(tuple(_needles(unit.split("|"), groups) for unit in entry.split()) for entry in written)


def _needles(alternatives: Iterable[str], groups: Mapping[str, Needles]) -> Needles:
    found: list[str] = []
    for alternative in alternatives:
        if alternative.startswith("@"):
            found += groups[alternative[1:]]
        else:
            word = alternative.removesuffix(".").replace("_", " ")
            whole = alternative.endswith(".") or len(word.rsplit(" ", 1)[-1]) < 4
            found.append(f" {word} " if whole else f" {word}")
    return frozenset(found)


def _job(raw: Mapping[str, Any], trade: str, groups: Mapping[str, Needles]) -> Job:
    return Job(
        type=f"{trade}_{raw['type']}",
        trade=trade,
        urgency=raw["urgency"],
        label=raw["label"],
        question=raw.get("question", {}),
        entries=_entries(raw["words"], groups),
    )


def _load() -> tuple[Trade, ...]:
    groups = {name: _needles(written, {}) for name, written in load("groups.toml").items()}
    trades = []
    for path in sorted((DATA / "trades").glob("*.toml")):
        raw = load(f"trades/{path.name}")
        key = raw["trade"]
        trades.append(
            Trade(
                key=key,
                name=raw["name"],
                aliases=frozenset(raw["aliases"]),
                jobs=tuple(_job(job, key, groups) for job in raw["jobs"]),
                entries=_entries(raw["words"], groups),
            )
        )
    return tuple(trades)


TRADES = _load()
_NEEDLES = sorted(
    {
        needle
        for trade in TRADES
        for entry in (*trade.entries, *(entry for job in trade.jobs for entry in job.entries))
        for needles in entry
        for needle in needles
    }
)
