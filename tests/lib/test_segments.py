"""Counting segments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nevermisscall.lib.segments import is_gsm7, segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ñ" * 160, 1),  # in GSM-7
        ("á" * 70, 1),  # not in GSM-7
        ("á" * 71, 2),
        ("á" * 134, 2),
        ("á" * 135, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 76 pairs fit into 153 places; the one left over stays empty
        ("€" * 153, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),  # 33 pairs fit into 67
        ("😀" * 67, 3),
        ("a" * 159 + "😀", 3),  # one emoji makes all of it UCS-2
        ("\u00a0" + "a" * 70, 2),  # a non-breaking space is not in GSM-7
    ],
)
def test_known_lengths(text, expected):
    assert segments(text) == expected


@given(st.text())
def test_any_text_has_a_count_between_the_bounds(text):
    places = len(text.encode("utf-16-be", "surrogatepass")) // 2
    lowest = 1 if places <= 160 else -(-places // 153)
    assert lowest <= segments(text) <= max(1, -(-2 * places // 66))


@given(st.text(alphabet="abc €{}\n", max_size=700))
def test_gsm_text_costs_what_its_places_cost(text):
    places = sum(2 if character in "€{}" else 1 for character in text)
    exact = 1 if places <= 160 else -(-places // 153)
    assert is_gsm7(text)
    assert exact <= segments(text) <= exact + 1 + places // 153 // 152


@given(st.text(), st.text())
def test_a_longer_text_never_costs_less(text, more):
    assert segments(text + more) >= segments(text)
