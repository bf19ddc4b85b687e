"""STOP, START and HELP as whole texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.keywords import HELP_WORDS, START_WORDS, STOP_WORDS, Wish, read

AROUND = ["{}", " {} ", "{}!", "“{}”", "{}.\n", "¡{}!", "\t{}…"]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(
    ("words", "wish"),
    [(STOP_WORDS, Wish.STOP), (START_WORDS, Wish.START), (HELP_WORDS, Wish.HELP), (["YES"], Wish.YES)],
)
def test_keywords_count_in_any_case_with_punctuation_around(words, wish, around):
    for word in words:
        for spelt in (word, word.lower(), word.title()):
            assert read(around.format(spelt)).wish == wish


@pytest.mark.parametrize(
    "body", ["STOP by at 3", "cancel my visit", "the end", "Yes please", "start on Monday", "", "?"]
)
def test_a_keyword_inside_a_text_is_none(body):
    assert read(body).wish == Wish.NONE


@pytest.mark.parametrize("kind", ["STOP", "START", "HELP"])
def test_what_twilio_says_counts_whatever_the_words(kind):
    reading = read("ALTO TODO", opt_out_type=kind)
    assert (reading.wish, reading.answered) == (kind.lower(), True)


def test_an_unknown_opt_out_type_is_ignored():
    assert read("STOP", opt_out_type="SOMETHING").wish == Wish.STOP
    assert read("hello", opt_out_type="SOMETHING").wish == Wish.NONE


def test_own_words_are_told_from_keywords():
    assert read("please stop texting me").wish == Wish.REVOKE


@given(st.text(), st.text(max_size=10))
def test_no_text_breaks_it(body, opt_out_type):
    assert isinstance(read(body, opt_out_type=opt_out_type).wish, Wish)
