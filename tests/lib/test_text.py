"""What strangers type, made safe."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nevermisscall.lib.text import is_storable, storable, xml_safe

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # surrogates too


@pytest.mark.parametrize("kept", ["Hi", "é😀", "a\tb\nc\r", "\x7f", "<&>", "\U0010fffe", "\ufeff"])
def test_what_xml_allows_is_kept(kept):
    assert xml_safe(kept) == kept


@pytest.mark.parametrize("dropped", ["\x00", "\x08", "\x0b", "\x0c", "\x1f", "\ud800\udfff", "\ufffe", "\uffff"])
def test_what_xml_forbids_is_dropped(dropped):
    assert xml_safe(f"a{dropped}b") == "ab"


@pytest.mark.fault("F20")
@settings(derandomize=True, max_examples=200)
@given(ANY_TEXT)
def test_any_text_makes_a_document_that_parses(text):
    escaped = xml_safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    ElementTree.fromstring(f"<Say>{escaped}</Say>".encode())


@pytest.mark.fault("F20")
@settings(derandomize=True, max_examples=200)
@given(ANY_TEXT)
def test_any_text_can_be_stored(text):
    stored = storable(text)

    assert "\x00" not in stored.encode().decode()
    assert storable(stored) == stored
    assert is_storable(stored)
    assert is_storable(text) == (stored == text)


def test_storing_drops_nothing_else():
    assert storable("a\x00b\ud83dc\x0b\ufffe😀") == "abc\x0b\ufffe😀"
