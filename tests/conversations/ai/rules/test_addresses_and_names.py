"""Where the job is and who asks for it."""

import pytest

from conversations.ai.rules.reading.addresses import Address, is_complete, joined, read_address
from conversations.ai.rules.reading.names import read_name

COMPLETE = {
    "123 Main St": "123 Main St",
    "I'm at 456 Oak Ave, Apt 4B, Oakdale CA 95361": "456 Oak Ave, Apt 4B, Oakdale CA 95361",
    "123 main st, thanks": "123 main st",
    "its 12 Oak Ridge Dr in Oakdale tomorrow works": "12 Oak Ridge Dr in Oakdale",
    "1200 N. 5th St. Suite 200": "1200 N. 5th St. Suite 200",
    "500 County Road 12": "500 County Road 12",
    "12 Broadway": "12 Broadway",
    "my address is 77 Elm": "77 Elm",
    "come to 99 Sunset Blvd, Los Angeles": "99 Sunset Blvd, Los Angeles",
    "123 W 45th St, New York, NY 10001": "123 W 45th St, New York, NY 10001",
    "1425 Martin Luther King Jr Blvd my name is Bob": "1425 Martin Luther King Jr Blvd",
    "corner of 5th and Main": "corner of 5th and Main",
    "calle 5 de mayo 123": "calle 5 de mayo 123",
    "Calle Luna 45": "Calle Luna 45",
    "Av. Juárez #45, col. Centro": "Av. Juárez #45, col. Centro",
    "vivo en la calle Hidalgo 12, depto 3": "calle Hidalgo 12, depto 3",
    "Avenida Central 12, apto 3, mañana a las 3": "Avenida Central 12, apto 3",
    "123 calle Ocho": "123 calle Ocho",
}
INCOMPLETE = {
    "78701": "78701",
    "in Austin TX 78701": "Austin TX 78701",
    "I live in Oakdale": "Oakdale",
    "it's on Elm Street": "Elm Street",
}
NONE = [
    "3 pm today at Main Street",
    "2 inch pipe on wall street",
    "I need a 3 way switch",
    "10 minutes drive",
    "call 555-123-4567",
    "50 gallon water heater on the way",
    "4 bedroom house way out",
    "tomorrow at 3",
    "I have 2 sinks and 1 tub way in the back",
]


@pytest.mark.parametrize(("text", "address"), COMPLETE.items())
def test_a_street_with_its_number_is_found(text, address):
    found = read_address(text)

    assert (found.text, found.complete) == (address, True)
    assert text[found.start : found.end].strip(" .,") == address
    assert is_complete(address)


@pytest.mark.parametrize(("text", "address"), INCOMPLETE.items())
def test_a_town_alone_is_not_enough(text, address):
    found = read_address(text)

    assert (found.text, found.complete) == (address, False)
    assert not is_complete(address)


@pytest.mark.parametrize("text", NONE)
def test_numbers_of_other_things_are_no_address(text):
    assert read_address(text) is None


@pytest.mark.parametrize(("text", "complete"), [("123 Main", True), ("45 oak", True), ("Oakdale", False)])
def test_less_is_enough_where_we_asked(text, complete):
    assert read_address(text, asked=True) == Address(text, 0, len(text), complete)
    assert read_address(text) is None


@pytest.mark.parametrize("text", ["3 pm is fine", "2 works", "3", "no idea", "Sure", "I don't know", "tomorrow at 3"])
def test_an_answer_about_something_else_is_no_address(text):
    assert read_address(text, asked=True) is None


@pytest.mark.parametrize(
    ("known", "new", "after"),
    [
        ("", "Oakdale", "Oakdale"),
        ("Oakdale", "9 Elm St", "9 Elm St, Oakdale"),
        ("9 Elm St", "12 Oak Ave", "12 Oak Ave"),
        ("9 Elm St", "Oakdale", "9 Elm St"),
    ],
)
def test_a_street_goes_before_its_town_and_a_correction_replaces(known, new, after):
    assert joined(known, read_address(new, asked=True)) == after


NAMES = {
    "this is Maria": "Maria",
    "my name is john smith and I need help": "John Smith",
    "I'm Bob": "Bob",
    "Soy Juan Pérez, mi fregadero gotea": "Juan Pérez",
    "me llamo ana": "Ana",
    "sink leaks. Thanks, Karen": "Karen",
    "call me Al": "Al",
    "name: O'Brien": "O'Brien",
}
NO_NAMES = [
    "I'm at work",
    "I am locked out",
    "Soy el dueño",
    "This is urgent",
    "I'm In Oakdale",
    "THIS IS CRAZY",
    "thanks!",
    "I'm Not Sure",
    "it's Leaking",
]


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_a_name_is_found(text, name):
    assert read_name(text) == name


@pytest.mark.parametrize("text", NO_NAMES)
def test_not_everything_after_i_am_is_a_name(text):
    assert read_name(text) == ""


@pytest.mark.parametrize(("text", "name"), [("Maria", "Maria"), ("maria lopez", "Maria Lopez"), ("its Bob", "Bob")])
def test_a_bare_name_counts_where_we_asked(text, name):
    assert read_name(text, asked=True) == name
    assert read_name(text) == ""


@pytest.mark.parametrize("text", ["yes", "why?", "3 pm", "leaking", "Bob and Karen Smith Jones"])
def test_a_bare_word_that_is_none_does_not(text):
    assert read_name(text, asked=True) == ""
