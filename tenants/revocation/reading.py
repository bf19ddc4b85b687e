"""Reads a text with the rules: simplifies it, cuts it into clauses, and looks for the first rule that holds."""

import re
import unicodedata
from functools import lru_cache

from tenants.revocation.english import ENGLISH
from tenants.revocation.rule import Rule
from tenants.revocation.spanish import SPANISH
from tenants.revocation.words import NOT_TYPOS, SPELLINGS

READ_AT_MOST = 2_000  # characters; nobody says stop after that

_KEY_OF = {word: key for key, words in SPELLINGS.items() for word in words.split()}
_EXTRA = ("unsubscribe", "numero", "suscripcion", "desuscribir")  # not classes, but worth reading when misspelt
_TARGETS = {word: _KEY_OF.get(word, word) for word in (*_KEY_OF, *_EXTRA) if len(word) >= 6}

_QUOTED = re.compile(r'[“"«]([^“”"«»]*\s[^“”"«»]*\s[^“”"«»]*)[”"»]')  # three words or more: somebody else's
_OUR_WORDS = re.compile(r"\b(?:reply|responda) stop (?:to opt out|para no recibir (?:mensajes|text))")
_APOSTROPHES = re.compile(r"['’‘`´]")
_REPEATED = re.compile(r"(.)\1{2,}")
_CLAUSE_END = re.compile(r"[^a-z0-9 ]+")
_NEGATED = re.compile(r"\b(do|did|does|have|has) not\b")
_SPACE = re.compile(r"[\s/_-]+")


def language_of_revocation(text: str) -> str | None:
    """Return the language in which `text` asks for no more texts: `en`, `es` or blank if it shows none; else None."""
    clauses = simplify(text)
    whole = " | ".join(clauses)
    for rule, pattern in _COMPILED:
        if rule.whole and len(clauses) > 1:
            continue
        if rule.unless and re.search(rule.unless, whole):
            continue
        if rule.needs and not re.search(rule.needs, whole):
            continue
        if any(_holds(rule, pattern, clause) for clause in clauses):
            return rule.language
    return None


def simplify(text: str) -> list[str]:
    """Return the clauses of `text` as the rules see them."""
    text = _QUOTED.sub(" ", text[:READ_AT_MOST]).casefold()
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    text = _SPACE.sub(" ", _APOSTROPHES.sub("", text.replace("\n", ".").replace("&", " and ")))
    text = _OUR_WORDS.sub(" ", _REPEATED.sub(r"\1", text))
    clauses = (" ".join(map(_key, clause.split())) for clause in _CLAUSE_END.split(text))
    return [_NEGATED.sub(r"\1nt", clause) for clause in clauses if clause]


def _holds(rule: Rule, pattern: re.Pattern[str], clause: str) -> bool:
    return any(
        not (rule.not_after and re.search(rule.not_after, clause[: match.start()].rstrip()))
        and not (rule.not_before and re.search(rule.not_before, clause[match.end() :]))
        for match in pattern.finditer(clause)
    )


@lru_cache(maxsize=4096)
def _key(word: str) -> str:
    """Return the class of a word, also when one letter of it is wrong (two, if it is long)."""
    if word in _KEY_OF or word in NOT_TYPOS or not 5 <= len(word) <= 20:
        return _KEY_OF.get(word, word)
    for target, key in _TARGETS.items():
        allowed = 2 if len(target) >= 9 else 1
        if word[0] == target[0] and abs(len(word) - len(target)) <= allowed and distance(word, target) <= allowed:
            return key
    return word


def distance(one: str, other: str) -> int:
    """Return how many typing slips lie between two words: a letter wrong, missing, too many, or two swapped."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


_COMPILED = tuple((rule, re.compile(rule.pattern)) for rule in (*ENGLISH, *SPANISH))
