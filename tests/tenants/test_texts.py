"""The shipped texts: as short and as cheap as they can be, in both languages."""

import pytest

from nevermisscall.lib.segments import is_gsm7, segments
from tenants import texts

VALUES = {"business": "Acme Plumbing", "phone": "(415) 555-0100"}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("key", "most"), [("opted_out", 1), ("help", 2), ("missed_call", 2)])
def test_what_customers_get_is_gsm_7_and_short(key, language, most):
    body = texts.fill(texts.SHIPPED[key, language], VALUES)

    assert is_gsm7(body), [character for character in body if not is_gsm7(character)]
    assert segments(body) <= most


def test_every_text_is_there_in_both_languages_with_known_variables_only():
    assert {key for key, _ in texts.SHIPPED} == set(texts.VARIABLES)
    for key in texts.VARIABLES:
        for language in ("en", "es"):
            assert texts.variables(texts.SHIPPED[key, language]) <= texts.VARIABLES[key]
    assert {key for key, language in texts.REASONS if language == "en"} == {
        key for key, language in texts.REASONS if language == "es"
    }
