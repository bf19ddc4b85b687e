"""Phone numbers, and the many things that come instead of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nevermisscall.lib import phones
from nevermisscall.lib.phones import CallerKind

KINDS = {
    CallerKind.TEXTABLE: ["+14155550123", "+447911123456", "+15005550100"],
    CallerKind.WITHHELD: [
        *("", "  ", "Anonymous", "+anonymous", "UNKNOWN", "Restricted", "unavailable", "Blocked", "PRIVATE NUMBER"),
        *("+266696687", "266696687", "+7378742833", "+17378742833", "+7378742883", "+2562533", "+8656696"),
        *("+86282452253", "+464", "(737) 874-2833", "sip:anonymous@anonymous.invalid"),
    ],
    CallerKind.APP: ["client:bob", "sip:bob@example.com", "sips:bob@example.com", "sip:+14155550123@10.0.0.1"],
    CallerKind.SHORT_CODE: ["12345", "+12345", "911", "123456"],
    CallerKind.TOLL_FREE: ["+18005550199", "+18885550199", "+448001111111"],
    CallerKind.INVALID: [
        *("4155550123", "14155550123", "+1415555012", "+14155550123;ext=5", "tel:+14155550123", "+1415555012345678"),
        *("+9991234567", "+2101234567"),  # no country has these codes
        *(
            "+1" + "\N{ARABIC-INDIC DIGIT FOUR}" * 10,
            " +14155550123",
            "+14155550123\n",
            "SIP:bob@example.com",
            "12",
            "1234567",
            "☎",
        ),
    ],
}


@pytest.mark.parametrize(("kind", "number"), [(kind, number) for kind, numbers in KINDS.items() for number in numbers])
def test_a_caller_is_known_by_its_number(kind, number):
    assert phones.classify(number) == kind


@settings(derandomize=True, max_examples=200)
@given(st.text() | st.from_regex(r"\+?[0-9]{1,18}", fullmatch=True))
def test_nothing_that_a_caller_id_may_hold_is_an_error(number):
    assert phones.classify(number) in CallerKind
    assert isinstance(phones.national(number) + phones.spoken(number), str)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("4155550123", "+14155550123"),
        ("(415) 555-0123", "+14155550123"),
        ("+1 500 555 0100", "+15005550100"),
        (" +44 7911 123456 ", "+447911123456"),
    ],
)
def test_what_a_person_types_becomes_e164(typed, meant):
    assert phones.normalise(typed) == meant


@pytest.mark.parametrize("typed", ["", "abc", "12", "+9991234567", "415555012345678901"])
def test_what_is_no_phone_number_is_refused_with_an_example(typed):
    with pytest.raises(ValueError, match=r"^“.*” .*; write it like \+14155550123$"):
        phones.normalise(typed)


@pytest.mark.parametrize(
    ("number", "showable"),
    [
        *((number, True) for kind in (CallerKind.TEXTABLE, CallerKind.TOLL_FREE) for number in KINDS[kind]),
        *(
            (number, False)
            for kind in (CallerKind.WITHHELD, CallerKind.APP, CallerKind.SHORT_CODE)
            for number in KINDS[kind]
        ),
        ("4155550123", False),
    ],
)
def test_only_a_phone_number_can_be_shown_as_the_caller(number, showable):
    assert phones.is_presentable(number) == showable


def test_a_number_is_spoken_digit_by_digit():
    assert phones.spoken("+1415") == "1 4 1 5"


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+14155550123", "(415) 555-0123"),
        ("+447911123456", "07911 123456"),
        ("client:bob", "client:bob"),
        ("+9991234567", "+9991234567"),
    ],
)
def test_a_number_is_written_as_its_country_writes_it(number, written):
    assert phones.national(number) == written
