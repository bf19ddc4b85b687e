"""What a phone writes by itself, and what a person does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.owner.automatic import is_from_a_driver, may_be_a_notice, repeats_us

ALERT = '#12 Jane (415) 555-0123 wrote: "my sink leaks" Your assistant is answering. Text back here to take over.'


@pytest.mark.parametrize(
    "text",
    [
        "I'm driving with Do Not Disturb turned on. I'll see your message when I get where I'm going.",
        "I’m driving with Focus turned on. I’ll see your message when I get where I’m going.",
        "I'm driving with Driving Focus turned on.",
        '(I’m not receiving notifications. If this is urgent, reply "urgent" to send a notification through.)'[1:],
        "I'm driving right now",
        "I'm driving",
        "I am driving.",
        "Estoy conduciendo",
        "Estoy conduciendo con la opción No molestar activada. Veré tu mensaje cuando llegue a mi destino.",
        "Estoy manejando con el modo de concentración Conducción.",
        "Auto-reply: back at 5",
        "Automatic reply",
        "Respuesta automática: vuelvo a las 5",
    ],
)
def test_a_drivers_phone_is_known(text):
    assert is_from_a_driver(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm out of the office until Monday.",
        "Thank you for your message. I am currently out of office.",
        "I'm driving, I'll call you later",
        "Estoy de vacaciones",
        "Estoy conduciendo, te llamo luego",
    ],
)
def test_a_notice_is_suspected(text):
    assert may_be_a_notice(text)
    assert not is_from_a_driver(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm driving to you now, 10 minutes",
        "I'm driving with my brother, be there at 5",
        "I'm driving, I'll call you in 5",
        "Estoy conduciendo, llego en 20 minutos",
        "Our office is out of parts",
        "On my way",
        "",
    ],
)
def test_a_person_is_left_alone(text):
    assert not is_from_a_driver(text)
    assert not may_be_a_notice(text)


@pytest.mark.parametrize(
    "text",
    [
        ALERT,
        f"Liked “{ALERT}”",
        f"Laughed at “{ALERT[:40]}…”",
        f"Le gustó “{ALERT}”",
        f"👍 to “{ALERT}”",
        f'Removed a heart from "{ALERT}"',
    ],
)
def test_a_reaction_to_our_words_is_known_in_any_language(text):
    assert repeats_us(text, ["Something else", ALERT])


@pytest.mark.parametrize("text", ["On my way", 'Say "hello" to him', "#12 Jane", "Liked “#12”"])
def test_words_are_no_reaction(text):
    assert not repeats_us(text, [ALERT])


@given(st.text(max_size=300))
def test_every_text_can_be_asked_about(text):
    assert {is_from_a_driver(text), may_be_a_notice(text), repeats_us(text, [ALERT])} <= {True, False}
