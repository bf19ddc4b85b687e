"""Our own texts: the same ones in both languages, with the same variables, in the cheap alphabet."""

import re

import pytest

from conversations.ai.rules.reading.data import load
from nevermisscall.lib.segments import is_gsm7

ENGLISH, SPANISH = load("texts_en.toml"), load("texts_es.toml")
SAID = sorted(key for key, text in ENGLISH.items() if isinstance(text, str))


def variables(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("section", [(), ("labels",), ("owner",)], ids=["said", "labels", "owner"])
def test_both_languages_say_the_same(section):
    english, spanish = ENGLISH, SPANISH
    for name in section:
        english, spanish = english[name], spanish[name]

    assert set(english) == set(spanish)
    for key, text in english.items():
        if isinstance(text, str):
            assert variables(text) == variables(spanish[key]), key


@pytest.mark.parametrize("key", SAID)
def test_a_text_has_no_letter_that_makes_it_dear(key):
    assert is_gsm7(ENGLISH[key])
    assert is_gsm7(SPANISH[key])


def test_only_saturday_and_wednesday_need_their_accents():
    dear = {word for word in SPANISH["labels"]["weekdays"] if not is_gsm7(word)}

    assert dear == {"sábado"}
