"""Free-text opt-outs: how many are understood, and how many ordinary texts are taken for one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import texts
from tenants.revocation import distance, language_of_revocation
from tests.tenants import revocation_phrases as phrases


def measure(revokes, keeps):
    """Return (precision, recall, what went wrong)."""
    missed = [text for text in revokes if language_of_revocation(text) is None]
    wrong = [text for text in keeps if language_of_revocation(text) is not None]
    hits = len(revokes) - len(missed)
    return hits / (hits + len(wrong)), hits / len(revokes), missed + wrong


def test_the_phrases_in_view_are_understood():
    precision, recall, errors = measure(phrases.REVOKES, phrases.KEEPS)
    assert (precision, recall) >= (0.99, 0.99), errors
    assert recall >= 0.99, errors


def test_phrases_the_rules_never_saw_are_understood_well_enough():
    precision, recall, errors = measure(phrases.HELD_OUT_REVOKES, phrases.HELD_OUT_KEEPS)
    assert precision >= 0.97, errors
    assert recall >= 0.9, errors


def test_there_are_enough_phrases_and_no_phrase_twice():
    everything = [*phrases.REVOKES, *phrases.KEEPS, *phrases.HELD_OUT_REVOKES, *phrases.HELD_OUT_KEEPS]
    assert len(everything) >= 120
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
