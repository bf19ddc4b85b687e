"""What strangers wrote must not run in the operator's spreadsheet."""

import pytest

from nevermisscall.lib.spreadsheets import harmless


@pytest.mark.parametrize("formula", ["=1+1", "+14155550123", "-1", "@SUM(A1)", "\t=1", "\r=1", "\x00=1"])
def test_a_formula_becomes_text(formula):
    assert harmless(formula) == f"'{formula}"


@pytest.mark.parametrize(("value", "text"), [(None, ""), ("", ""), ("Hi =1", "Hi =1"), (7, "7"), (True, "True")])
def test_anything_else_stays_as_it_is(value, text):
    assert harmless(value) == text
