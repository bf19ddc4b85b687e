"""The terms: words, phrases and signs, read from `data/` and checked while they are read."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from conversations.ai.emergency.spelling import ANY_OTHER, RANGES, Speller

DATA = Path(__file__).parent / "data"
LANGUAGES = ("en", "es")
EMERGENCY, URGENT = "emergency", "urgent"
# What each does to the words around it: docs/emergencies.md.
MARKERS = frozenset(
    [
        "advert", "asked_back", "back", "break", "calm", "contained", "hypothetical", "joint", "negation", "now", "or",
        "own", "paperwork", "past", "persists", "present", "project", "question", "resolved", "thanks", "witness",
    ]
)  # fmt: skip

_PLAIN = re.compile(r"\+?(?:#?[a-z]+|[a-z]*[0-9]+)(?:/[a-z]+)*")
_WIDER = {"#cold": ("#few", "#cold"), "#number": (ANY_OTHER, "#cool", "#mild", "#old")}
_LISTS = {"words", "markers", "innocent", "spelled", "misspelt", "ordinary"}
_KIND = {"life_safety", EMERGENCY, URGENT}
_SIGN = {"needs", "along", "unless", "nowhere", "trades"}


class WrongData(ValueError):
    """A data file says something that cannot be; the message names the file, the entry and the remedy."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What tells of `kind`: one word of each of `needs` in one sentence.

    One of `along` is somewhere in the text; none of `unless` is in the sentence, none of `nowhere` in the text.
    """

    kind: str
    level: str
    needs: tuple[frozenset[str], ...]
    along: frozenset[str]
    unless: frozenset[str]
    nowhere: frozenset[str]
    trades: frozenset[str]  # none: every trade


@dataclass(frozen=True, slots=True)
class Entry:
    """What a word or phrase stands for, and the languages that it is in; without a meaning it is innocent.

    `kept` are the places of those of its words that mean something by themselves too.
    """

    meanings: frozenset[str]
    languages: frozenset[str]
    kept: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """All that is known of emergencies."""

    kinds: Mapping[str, bool]  # gravest first; whether a life is at risk
    phrases: Mapping[tuple[str, ...], Entry]
    longest: Mapping[str, int]  # first word → words in the longest phrase that begins with it
    signs: Mapping[str, tuple[Sign, ...]]  # by each meaning that can be their first
    speller: Speller


@cache
def terms() -> Terms:
    """Return what ships with the package."""
    texts = {name: DATA.joinpath(f"{name}.toml").read_text("utf-8") for name in ("signs", *LANGUAGES)}
    return parse(texts.pop("signs"), texts)


def parse(signs: str, languages: Mapping[str, str]) -> Terms:
    """Return the terms in these texts of TOML; raises `WrongData`."""
    phrases: dict[tuple[str, ...], Entry] = {}
    concepts: set[str] = set()
    meant: dict[str, str] = {}
    misspelt: set[str] = set()
    ordinary: set[str] = set()
    for language, text in languages.items():
        name = f"{language}.toml"
        lists = _lists(text, name)
        concepts |= lists["words"].keys()
        for phrase, entry in _entries(lists, name, language):
            _add(phrases, phrase, entry, name)
        meant |= {wrong: right for right, words in lists["spelled"].items() for wrong in words.split()}
        misspelt |= set(lists["misspelt"])
        ordinary |= set(lists["ordinary"])
    known = {word for phrase in phrases for word in phrase}
    _refuse_odd_spellings(known, meant, misspelt, ordinary)
    kinds, all_signs = _kinds(signs, concepts)
    by_concept: dict[str, list[Sign]] = {}
    for sign in all_signs:
        for concept in sign.needs[0]:
            by_concept.setdefault(concept, []).append(sign)
    longest: dict[str, int] = {}
    for phrase in phrases:
        longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
    return Terms(
        kinds=kinds,
        phrases=_kept_words_checked(phrases),
        longest=longest,
        signs={concept: tuple(those) for concept, those in by_concept.items()},
        speller=Speller(known, meant, misspelt, ordinary),
    )


def toml(text: str, name: str) -> dict[str, Any]:
    """Return what a TOML text says; raises `WrongData` that names the file."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongData(f"{name}: not TOML: {error}") from error


def _lists(text: str, name: str) -> dict[str, Any]:
    lists = toml(text, name)
    if odd := lists.keys() ^ _LISTS:
        raise WrongData(f"{name}: it has exactly {', '.join(sorted(_LISTS))}; look at {', '.join(sorted(odd))}")
    return lists


def _entries(lists: Mapping[str, Any], name: str, language: str) -> Iterator[tuple[tuple[str, ...], Entry]]:
    for table in ("words", "markers", "innocent"):
        for key, phrases in lists[table].items():
            if table == "markers" and key not in MARKERS:
                raise WrongData(
                    f"{name}: markers.{key}: there is no such marker; there are {', '.join(sorted(MARKERS))}"
                )
            meanings = frozenset() if table == "innocent" else frozenset([key])
            for phrase in phrases:
                written = phrase.split()
                if not written or not all(_PLAIN.fullmatch(word) for word in written):
                    raise WrongData(f"{name}: {table}.{key}: “{phrase}”: write it in small letters without accents")
                kept = frozenset(place for place, word in enumerate(written) if word.startswith("+"))
                for chosen in product(*map(_forms, written)):
                    yield chosen, Entry(meanings, frozenset([language]), kept)


def _forms(word: str) -> tuple[str, ...]:
    """Return what `leak/s/ing` stands for: leak, leaks, leaking."""
    base, *endings = word.removeprefix("+").split("/")
    return _WIDER.get(base, (base, *(base + ending for ending in endings)))


def _add(phrases: dict[tuple[str, ...], Entry], phrase: tuple[str, ...], new: Entry, name: str) -> None:
    old = phrases.get(phrase, new)
    if bool(old.meanings) != bool(new.meanings):
        meanings = ", ".join(sorted(old.meanings | new.meanings))
        raise WrongData(f"{name}: “{' '.join(phrase)}”: it is innocent and means {meanings} too; choose one")
    phrases[phrase] = Entry(old.meanings | new.meanings, old.languages | new.languages, old.kept | new.kept)


def _kept_words_checked(phrases: dict[tuple[str, ...], Entry]) -> dict[tuple[str, ...], Entry]:
    for phrase, entry in phrases.items():
        if idle := sorted(phrase[place] for place in entry.kept if (phrase[place],) not in phrases):
            raise WrongData(f"“{' '.join(phrase)}”: {', '.join(idle)} means nothing by itself; take the + away")
    return phrases


def _refuse_odd_spellings(known: set[str], meant: Mapping[str, str], misspelt: set[str], ordinary: set[str]) -> None:
    ranges = {ANY_OTHER, *(name for name, _, _ in RANGES)}
    for what, words, remedy in (
        ("spelled", set(meant.values()) - known, "no list has the word that is meant"),
        ("spelled", meant.keys() & known, "a list has it as it is written; take it out of one of them"),
        ("misspelt", misspelt - known, "no list has it; take it out"),
        ("ordinary", ordinary & known, "a list has it too; take it out of ordinary"),
        ("words", {word for word in known if word.startswith("#")} - ranges, f"the numbers are {sorted(ranges)}"),
    ):
        if words:
            raise WrongData(f"{what}: {', '.join(sorted(words))}: {remedy}")


def _kinds(text: str, concepts: set[str]) -> tuple[dict[str, bool], list[Sign]]:
    """Return whether each kind is of life and death, and all signs."""
    file = toml(text, "signs.toml")
    kinds: dict[str, bool] = {}
    signs = []
    for kind, entry in file.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("life_safety"), bool) or entry.keys() - _KIND:
            raise WrongData(f"signs.toml: {kind}: it has life_safety = true or false, {EMERGENCY} and {URGENT}")
        kinds[kind] = entry["life_safety"]
        for level in (EMERGENCY, URGENT):
            signs += [_sign(kind, level, sign, concepts) for sign in entry.get(level, [])]
    used = frozenset().union(*(part for sign in signs for part in (*sign.needs, sign.along, sign.unless, sign.nowhere)))
    if idle := sorted(concepts - used):
        raise WrongData(f"words.{', words.'.join(idle)}: no sign asks for them; use them or take them out")
    return kinds, signs


def _sign(kind: str, level: str, entry: Mapping[str, str], concepts: set[str]) -> Sign:
    where = f"signs.toml: {kind}: “{entry.get('needs')}”"
    if "needs" not in entry or entry.keys() - _SIGN:
        raise WrongData(f"{where}: a sign has needs, and may have along, unless, nowhere, trades")
    needs = tuple(_either(need) for need in entry["needs"].split("+"))
    along, unless, nowhere, trades = (_either(entry.get(key, "")) for key in ("along", "unless", "nowhere", "trades"))
    if unknown := sorted(along.union(unless, nowhere, *needs) - concepts):
        raise WrongData(f"{where}: no list of words is called {', '.join(unknown)}")
    return Sign(kind, level, needs, along, unless, nowhere, trades)


def _either(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split("|")) if names else frozenset()
