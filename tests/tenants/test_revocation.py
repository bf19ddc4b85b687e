"""Free-text opt-outs: how many are understood, and how many ordinary texts are taken for one.

`revocation_phrases/` holds labelled texts, one to a line. The rules were written with `revokes` and `keeps` in view;
`held_out_…` were written before the rules had seen them and are never tuned against.
"""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import texts
from tenants.revocation import distance, language_of_revocation
from tests.tenants import revocation_grammar as grammar

REVOKES, KEEPS, HELD_OUT_REVOKES, HELD_OUT_KEEPS = (
    (Path(__file__).parent / "revocation_phrases" / f"{name}.txt").read_text().splitlines()
    for name in ("revokes", "keeps", "held_out_revokes", "held_out_keeps")
)


def measure(revokes, keeps):
    """Return (precision, recall, what went wrong)."""
    missed = [text for text in revokes if language_of_revocation(text) is None]
    wrong = [text for text in keeps if language_of_revocation(text) is not None]
    hits = len(revokes) - len(missed)
    return hits / (hits + len(wrong)), hits / len(revokes), missed + wrong


def test_the_phrases_in_view_are_understood():
    precision, recall, errors = measure(REVOKES, KEEPS)
    assert precision >= 0.99, errors
    assert recall >= 0.99, errors


def test_phrases_the_rules_never_saw_are_understood_well_enough():
    precision, recall, errors = measure(HELD_OUT_REVOKES, HELD_OUT_KEEPS)
    assert precision >= 0.98, errors
    assert recall >= 0.95, errors


def test_the_same_wish_is_understood_however_its_words_are_put_together():
    precision, recall, errors = measure(
        grammar.sentences(grammar.REVOKES, each=200), grammar.sentences(grammar.KEEPS, each=200)
    )
    assert precision >= 0.995, errors
    assert recall >= 0.99, errors


def test_there_are_enough_phrases_and_no_phrase_twice():
    assert len(HELD_OUT_REVOKES) + len(HELD_OUT_KEEPS) >= 120
    everything = [*REVOKES, *KEEPS, *HELD_OUT_REVOKES, *HELD_OUT_KEEPS]
    assert len(set(everything)) == len(everything)


@pytest.mark.parametrize(
    ("text", "language"),
    [("please stop texting me", "en"), ("no me escriban más", "es"), ("Stop. Por favor", ""), ("hello", None)],
)
def test_the_language_is_told(text, language):
    assert language_of_revocation(text) == language


@pytest.mark.parametrize("body", texts.SHIPPED.values(), ids=map(str, texts.SHIPPED))
def test_our_own_texts_sent_back_are_no_opt_out(body):
    assert language_of_revocation(body) is None
    assert language_of_revocation(f"Liked “{body}”") is None


@given(st.text())
def test_no_text_breaks_it(text):
    assert language_of_revocation(text) in {"en", "es", "", None}


@given(
    st.lists(
        st.sampled_from(
            ["stop", "dont", "text", "me", "no", "escriba", "mas", "please", "the", ".", ",", "'", "́", "ñ"]
        ),
        max_size=60,
    )
)
def test_no_heap_of_its_own_words_breaks_it(words):
    assert language_of_revocation(" ".join(words)) in {"en", "es", "", None}


@pytest.mark.parametrize(
    "word", ["stop ", "stop it with all the ", "no mas ya ", "remove me off your the ", "x" * 50, "a. "]
)
def test_no_long_text_takes_long(word):
    started = time.perf_counter()
    language_of_revocation(word * (20_000 // len(word)))
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("texting", "texting", 0), ("texing", "texting", 1), ("texitng", "texting", 1), ("abc", "", 3), ("ab", "ca", 2)],
)
def test_slips_are_counted(one, other, slips):
    assert distance(one, other) == slips
