"""The detector's data: `terms.toml` and `safety_words.toml`, checked while they are read."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from conversations.ai.emergency.reading import Speller, read

LANGUAGES = ("en", "es")
LEVELS = ("emergency", "urgent")
MARKERS = frozenset(
    [
        "negation",
        "question",
        "hypothetical",
        "project",
        "thanks",
        "past",
        "present",
        "now",
        "resolved",
        "own",
        "strong_own",
        "joint",
        "break",
        "calm",
        "contained",
        "persists",
        "paperwork",
        "advert",
        "asked_back",
        "or",
    ]
)
LONGEST_SAFETY_WORDS = 300  # characters: two SMS

_HERE = Path(__file__).parent


class WrongData(ValueError):
    """A data file says something that cannot be; the message names the file, the entry and the remedy."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What makes an emergency of `kind`: one of each of `needs` in one sentence.

    `along` (one of them) may stand anywhere in the text; nothing of `unless` may stand in the sentence.
    """

    kind: str
    level: str
    needs: tuple[frozenset[str], ...]
    along: frozenset[str]
    unless: frozenset[str]
    trades: frozenset[str]  # none: every trade


@dataclass(frozen=True, slots=True)
class Entry:
    """What a word or phrase stands for: concepts and markers, and the languages that it is in.

    `kept` are the places of those of its words that mean something by themselves too.
    """

    meanings: frozenset[str]
    languages: frozenset[str]
    kept: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """All of `terms.toml`."""

    kinds: Mapping[str, bool]  # gravest first; whether a life is at risk
    phrases: Mapping[tuple[str, ...], Entry]
    longest: int  # words in the longest phrase
    signs: Mapping[str, tuple[Sign, ...]]  # by each concept that could be their first
    speller: Speller


@cache
def terms() -> Terms:
    """Return what ships with the package."""
    return parse_terms(_HERE.joinpath("terms.toml").read_text("utf-8"))


def parse_terms(text: str) -> Terms:
    """Return the terms in `text`, which is TOML; raises `WrongData`."""
    file = _tables(text, "terms.toml", {"kinds", "words", "markers", "innocent", "misspelt", "ordinary", "signs"})
    kinds = {name: _kind(name, entry) for name, entry in file["kinds"].items()}
    phrases: dict[tuple[str, ...], Entry] = {}
    concepts = set()
    for table in ("words", "markers", "innocent"):
        for language, name, phrase, kept in _phrases(table, file[table]):
            if table == "markers" and name not in MARKERS:
                raise WrongData(f"terms.toml: markers.{language}.{name} is no marker; there are {', '.join(MARKERS)}")
            if table == "words":
                concepts.add(name)
            meanings = frozenset() if table == "innocent" else frozenset([name])
            _enter(phrases, phrase, Entry(meanings, frozenset([language]), kept))
    for phrase, entry in phrases.items():
        if idle := {phrase[place] for place in entry.kept if (phrase[place],) not in phrases}:
            raise WrongData(
                f"terms.toml: “{' '.join(phrase)}”: {', '.join(sorted(idle))} means nothing alone; drop the +"
            )
    signs = [_sign(number, entry, kinds, concepts) for number, entry in enumerate(file["signs"], 1)]
    used = frozenset().union(*(part for sign in signs for part in (*sign.needs, sign.along, sign.unless)))
    if idle := concepts - used:
        raise WrongData(f"terms.toml: no sign uses the words of {', '.join(sorted(idle))}; use them or take them out")
    known = {word for phrase in phrases for word in phrase}
    misspelt, ordinary = _words(file["misspelt"]), _words(file["ordinary"])
    if strangers := misspelt - known:
        raise WrongData(f"terms.toml: misspelt: {', '.join(sorted(strangers))}: in no list of words; take them out")
    if both := ordinary & known:
        raise WrongData(f"terms.toml: ordinary: {', '.join(sorted(both))}: in a list of words too; take them out")
    by_concept: dict[str, list[Sign]] = {}
    for sign in signs:
        for concept in sign.needs[0]:
            by_concept.setdefault(concept, []).append(sign)
    return Terms(
        kinds=kinds,
        phrases=phrases,
        longest=max(map(len, phrases)),
        signs={concept: tuple(those) for concept, those in by_concept.items()},
        speller=Speller(known, misspelt, ordinary),
    )


def _tables(text: str, name: str, expected: set[str]) -> dict[str, Any]:
    try:
        file = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongData(f"{name}: not TOML: {error}") from error
    if file.keys() != expected:
        odd = ", ".join(sorted(file.keys() ^ expected))
        raise WrongData(f"{name}: has exactly the tables {', '.join(sorted(expected))}; look at {odd}")
    return file


def _kind(name: str, entry: Mapping[str, Any]) -> bool:
    if entry.keys() != {"life_safety"} or not isinstance(entry["life_safety"], bool):
        raise WrongData(f"terms.toml: kinds.{name} says life_safety = true or false, and nothing else")
    return bool(entry["life_safety"])


def _phrases(table: str, languages: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...], frozenset[int]]]:
    """Yield (language, name of the list, words, which are kept) of each phrase; `leak/s/ing +oil` is three."""
    for language, lists in languages.items():
        if language not in LANGUAGES:
            raise WrongData(f"terms.toml: {table}.{language}: the languages are {', '.join(LANGUAGES)}")
        for name, phrases in lists.items():
            for phrase in phrases:
                written = phrase.split()
                kept = frozenset(place for place, word in enumerate(written) if word.startswith("+"))
                words = [_forms(word.removeprefix("+")) for word in written]
                plain = " ".join(forms[0].removeprefix("#") for forms in words)
                if not words or plain != " ".join(word.text for word in read(plain)):
                    raise WrongData(f"terms.toml: {table}.{language}.{name}: write “{phrase}” in plain small letters")
                for chosen in product(*words):
                    yield language, name, chosen, kept


def _forms(word: str) -> list[str]:
    if word == "#cold":
        return ["#few", word]
    if word == "#number":
        return ["#other", "#old"]
    base, *endings = word.split("/")
    return [base, *(base + ending for ending in endings)]


def _words(languages: Mapping[str, list[str]]) -> frozenset[str]:
    return frozenset(word for words in languages.values() for word in words)


def _enter(phrases: dict[tuple[str, ...], Entry], phrase: tuple[str, ...], new: Entry) -> None:
    old = phrases.get(phrase, new)
    if bool(old.meanings) != bool(new.meanings):
        meanings = ", ".join(sorted(old.meanings | new.meanings))
        raise WrongData(f"terms.toml: “{' '.join(phrase)}” is innocent and means {meanings} too; choose one")
    phrases[phrase] = Entry(old.meanings | new.meanings, old.languages | new.languages, old.kept | new.kept)


def _sign(number: int, entry: Mapping[str, Any], kinds: Mapping[str, bool], concepts: set[str]) -> Sign:
    where = f"terms.toml: sign {number} ({entry.get('kind')}: {entry.get('needs')})"
    if not {"kind", "level", "needs"} <= entry.keys() <= {"kind", "level", "needs", "along", "unless", "trades"}:
        raise WrongData(f"{where} has kind, level, needs, and if need be along, unless, trades; nothing else")
    if entry["kind"] not in kinds:
        raise WrongData(f"{where}: there is no such kind; kinds are {', '.join(kinds)}")
    if entry["level"] not in LEVELS:
        raise WrongData(f"{where}: its level is {' or '.join(LEVELS)}")
    needs = tuple(frozenset(need.split("|")) for need in entry["needs"])
    along, unless = frozenset(entry.get("along", ())), frozenset(entry.get("unless", ()))
    if not needs:
        raise WrongData(f"{where} needs something")
    if unknown := along.union(unless, *needs) - concepts:
        raise WrongData(f"{where}: no list of words is called {', '.join(sorted(unknown))}")
    return Sign(entry["kind"], entry["level"], needs, along, unless, frozenset(entry.get("trades", ())))
