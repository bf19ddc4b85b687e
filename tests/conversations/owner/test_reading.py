"""What an owner's text says: handle, command, words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.owner.reading import MOST_MINUTES, Command, Reading, read


@pytest.mark.parametrize(
    ("text", "handle", "words"),
    [
        ("#12 On my way", 12, "On my way"),
        ("  #12 On my way  ", 12, "On my way"),
        ("# 12 On my way", 12, "On my way"),
        ("#12: On my way", 12, "On my way"),
        ("#12, on my way", 12, "on my way"),
        ("#12 - on my way", 12, "on my way"),
        ("#12\non my way", 12, "on my way"),
        ("＃12 On my way", 12, "On my way"),
        ("12: On my way", 12, "On my way"),
        ("12 : On my way", 12, "On my way"),
        ("#12", 12, ""),
        ("12:", 12, ""),
        ("#12 -5 degrees", 12, "-5 degrees"),
        ("12:30 works", None, "12:30 works"),
        ("12 Main Street", None, "12 Main Street"),
        ("12", None, "12"),
        ("My address is #12 Main Street", None, "My address is #12 Main Street"),
        ("#twelve", None, "#twelve"),
        ("#" + "9" * 19, None, "#" + "9" * 19),  # no integer of the database
        ("#١٢ words", None, "#١٢ words"),
        ("", None, ""),
    ],
)
def test_a_number_in_front_says_whom_it_is_for(text, handle, words):
    reading = read(text)

    assert (reading.handle, reading.words, reading.command) == (handle, words, None)


@pytest.mark.parametrize(
    ("command", "texts"),
    [
        (Command.TAKE, ["TAKE", "take", "Take.", "Tomar"]),
        (Command.AI, ["AI", "ai", "Ia", "IA!"]),
        (Command.DONE, ["DONE", "Done.", "listo", "¡Listo!", "Hecho"]),
        (Command.LIST, ["LIST", "lista"]),
        (Command.HELP, ["HELP", "info", "Commands", "?", "Ayuda", "comandos"]),
        (Command.YES, ["YES", "Yes!", "si", "Sí"]),
        (Command.NO, ["NO", "no", "No."]),
        (Command.OK, ["OK", "Ok.", "okay", "visto", "👍"]),
    ],
)
def test_a_command_is_the_whole_text(command, texts):
    for text in texts:
        assert read(text).command == command, text
        assert (read(f"#12 {text}").handle, read(f"#12 {text}").command) == (12, command), text


@pytest.mark.parametrize(
    "words",
    [
        "Take the second door",
        "AI is not for me",
        "Done with the sink, see you",
        "list your rooms please",
        "Help is on its way",
        "Yes see you then",
        "No problem",
        "No, we bring our own",
        "NO PROBLEM AT ALL",
        "NO, thank you",
        "ok see you",
        "Yes?",
        "Quiet street, park in front",
        "quietly",
        "nothing",
        "NOTHING ELSE",
        "sink",
    ],
)
def test_more_than_a_command_is_words(words):
    assert read(words) == Reading(None, words)
    assert read(f"#12 {words}") == Reading(12, words)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("NO too far", "too far"), ("NO, too far", "too far"), ("#12 NO\nfully booked", "fully booked")],
)
def test_a_no_in_capitals_may_say_why(text, reason):
    reading = read(text)

    assert (reading.command, reading.reason) == (Command.NO, reason)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("QUIET 2H", 120),
        ("quiet 2 h", 120),
        ("Quiet 1 hour.", 60),
        ("SILENCIO 2H", 120),
        ("silencio 3 horas", 180),
        ("QUIET 30M", 30),
        ("quiet 45 minutes", 45),
        ("QUIET OFF", 0),
        ("silencio off", 0),
        ("quiet 0m", 0),
        ("QUIET 25H", MOST_MINUTES),
        ("QUIET 999999H", MOST_MINUTES),
        ("QUIET", None),
        ("QUIET 2", None),
        ("quiet 2 days", None),
    ],
)
def test_quiet_says_for_how_long(text, minutes):
    reading = read(text)

    assert (reading.command, reading.minutes) == (Command.QUIET, minutes)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("#12", 12),
        ("12", 12),
        (" 12 ", 12),
        ("# 12", 12),
        ("12:", 12),
        ("#12 ok", None),
        ("12 of them", None),
        ("", None),
    ],
)
def test_a_number_alone_answers_a_question(text, number):
    assert read(text).only_number == number


@given(st.text(max_size=200))
def test_every_text_can_be_read(text):
    reading = read(text)

    assert reading.words == reading.words.strip()
    assert reading.words in text
    assert reading.handle is None or reading.handle < 2**63
    assert reading.minutes is None or 0 <= reading.minutes <= MOST_MINUTES


@given(
    st.integers(0, 10**18 - 1),
    st.sampled_from(["#{} {}", "# {} {}", "{}: {}", "#{}: {}"]),
    st.text("abc é😀", min_size=1),
)
def test_whatever_follows_a_handle_arrives_unchanged(handle, form, words):
    reading = read(form.format(handle, words))

    assert (reading.handle, reading.words) == (handle, words.strip())
