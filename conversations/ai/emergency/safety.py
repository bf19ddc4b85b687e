"""What a customer in danger is told at once: approved words, from `safety_words.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from conversations.ai.emergency.terms import LANGUAGES, WrongData, terms
from nevermisscall.lib.segments import is_gsm7

OTHER = "other"
LONGEST = 300  # characters: two SMS


def safety_words(kind: str, language: str) -> str:
    """Return the words for an emergency of `kind`, in English unless `language` is one that we have."""
    known = _words()
    by_kind = known.get(language, known["en"])
    return by_kind.get(kind, by_kind[OTHER])


@cache
def _words() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("safety_words.toml").read_text("utf-8")
    return parse_safety_words(text)


def parse_safety_words(text: str) -> dict[str, dict[str, str]]:
    """Return the words in `text`, which is TOML: language → kind → words. Raises `WrongData`."""
    try:
        words: dict[str, dict[str, str]] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongData(f"safety_words.toml: not TOML: {error}") from error
    needed = {kind for kind, is_life_safety in terms().kinds.items() if is_life_safety} | {OTHER}
    for language in LANGUAGES:
        given = words.get(language, {})
        if missing := needed - given.keys():
            raise WrongData(f"safety_words.toml: {language} has no words for {', '.join(sorted(missing))}; write them")
        if strangers := given.keys() - terms().kinds.keys():
            raise WrongData(f"safety_words.toml: {language}: no such kind: {', '.join(sorted(strangers))}; take it out")
        for kind, each in given.items():
            _check(f"safety_words.toml: {language}.{kind}", each, is_life_safety=terms().kinds[kind])
    return words


def _check(where: str, text: str, *, is_life_safety: bool) -> None:
    if len(text) > LONGEST:
        raise WrongData(f"{where}: {len(text)} characters, {LONGEST} fit")
    if not is_gsm7(text):
        raise WrongData(
            f"{where}: a letter is not in GSM-7 and makes it four SMS; é and ñ are in it, á, í, ó and ú are not"
        )
    if ("911" in text) != is_life_safety:
        raise WrongData(f"{where}: it names 911 if signs.toml calls the kind life_safety, and only then")
