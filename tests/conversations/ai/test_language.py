"""Which language a short text is in, and which one it asks for."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.ai.language import detect_language, fold, requested_language

WRITTEN_IN = {
    "en": [
        "My kitchen sink is leaking",
        "hi, do you do water heaters?",
        "how much for a new toilet",
        "BASEMENT FLOODING",
        "toilet clogged pls help",
        "yes please",
        "Tomorrow morning works",
        "thanks!",
        "its leaking agian",
        "cant get in my house, lost keys",
        "no hot water",
        "3425 El Camino Real, the back door is open",
        "This is Jose Garcia. I need a plumber in San Antonio",
        "what time can u come",
        "my name is Maria de la Cruz",
        "still waiting",
        "No, not yet",
        "Can you send someone today? La Mesa area",
        "I’m at 12 Calle Verde",
        "power is out in half the house",
        "ok sounds good, see you then",
        "Yo can you come by tmrw",
        "Don't know",
        "hello",
        "Is this the roofing company",
    ],
    "es": [
        "Hola, tengo una fuga de agua",
        "¿Cuánto cuesta?",
        "cuanto cobran por destapar un drenaje",
        "Se rompió un tubo en el baño",
        "no tengo agua caliente",
        "necesito un plomero urgente",
        "nesecito ayuda porfa",
        "SE ESTA INUNDANDO EL SOTANO",
        "mañana por la mañana",
        "sí, gracias",
        "hola",
        "huele a gas en la cocina",
        "El inodoro no sirve",
        "me quede afuera de mi casa, perdi las llaves",
        "Me llamo Juan y vivo en Main Street 12",
        "buenas tardes",
        "gotera en el techo",
        "no hay luz",
        "Cuándo pueden venir",
        "el calentador no prende",
        "ya no, gracias",
        "estoy en 1420 W 18th St",
        "Inundación",
        "quiero una cita para el lunes",
        "todavía no llega nadie",
    ],
    "": [
        "",
        "ok",
        "👍",
        "🔥🔥",
        "123 Main",
        "Jose Garcia",
        "415-555-0123",
        "3425 El Camino Real",
        "94110",
        "no",
        "La Mesa",
        "12 Main St, Richmond VA",
        "!!!",
        "gas",
        "日本語です",
        "10am",
        "ok 👌 5pm",
    ],
}

ASKS_FOR = {
    "en": [
        "English please",
        "english",
        "English?",
        "do you speak English",
        "in english pls",
        "I don't speak Spanish",
        "No Spanish",
        "sorry I dont understand spanish",
        "can you text me in English instead",
        "No hablo español",
        "Switch to English",
        "¿hablan inglés?",
        "En inglés por favor",
    ],
    "es": [
        "en español por favor",
        "¿Habla español?",
        "habla espanol",
        "ablan español",
        "Español",
        "Spanish please",
        "spanish?",
        "Do you speak Spanish?",
        "Is there anyone who speaks spanish",
        "no hablo inglés",
        "no entiendo ingles",
        "I don't speak English",
        "no english",
        "my English is not good",
        "hablo poco inglés",
        "Can we do this in Spanish? My sink leaks",
        "prefiero español",
        "Hola, hablas español? tengo una fuga",
        "alguien que hable español?",
        "Spanish speaking plumber?",
        "not english, spanish please",
        "I speak Spanish",
    ],
    "": [
        "",
        "My sink is leaking",
        "Hola, tengo una fuga",
        "English or Spanish?",
        "Spanish or English is fine",
        "I speak English and Spanish",
        "my wife speaks spanish",
        "my tenant only speaks Spanish",
        "Spanish tile roof leaking",
        "I live in Spanish Fork",
        "I'm at 12 English St",
        "the manual is in Spanish",
        "English basement flooded",
        "it's a Spanish style house",
    ],
}


def cases(table):
    return [pytest.param(text, language, id=text or "empty") for language, texts in table.items() for text in texts]


@pytest.mark.parametrize(("text", "language"), cases(WRITTEN_IN))
def test_the_language_of_a_text_is_told(text, language):
    assert detect_language(text) == language


@pytest.mark.parametrize(("text", "language"), cases(ASKS_FOR))
def test_a_wish_for_a_language_is_understood(text, language):
    assert requested_language(text) == language


@given(st.text())
def test_no_text_breaks_it(text):
    assert detect_language(text) in {"en", "es", ""}
    assert requested_language(text) in {"en", "es", ""}


@pytest.mark.parametrize(
    "text", ["no de ", "dont know how to speak ", "en spanish ", "speak a little ", "hi hola ", "x"]
)
def test_no_long_text_takes_long(text):
    started = time.perf_counter()
    detect_language(text * 10_000)
    requested_language(text * 10_000)
    assert time.perf_counter() - started < 0.1


def test_words_are_folded():
    assert fold("  ¡El BAÑO está\ninundándose!  ") == "el bano esta inundandose"
    assert fold("Can’t, don't") == "cant dont"
