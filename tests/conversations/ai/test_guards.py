"""The guard's single rules, and what it puts right. Whole texts by category are in test_red_team.py."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.ai import guards
from conversations.ai.acknowledgement import Acknowledgement
from conversations.ai.emergency import safety_words
from conversations.ai.emergency.terms import terms
from conversations.ai.llm import prompting
from nevermisscall.lib.segments import is_gsm7
from tests.conversations.ai.people import FRIDAY_8, THURSDAY_9, answer, business, line, request

INTRODUCED = {"introduced": True}


def check(text, *customer, answered=None, **changes):
    return guards.check(answer(text, **(answered or {})), request(*customer, **{**INTRODUCED, **changes}))


def broken(text, *customer, **changes):
    return set(check(text, *customer, **changes).violations)


# --- the introduction


def test_the_first_text_says_that_a_machine_writes():
    text = check("What's the address?", introduced=False).text

    assert text == "This is Acme Plumbing's automated assistant. What's the address?"


def test_the_first_text_says_it_in_spanish():
    text = check("¿Cuál es su dirección?", language="es", introduced=False).text

    assert text == "Soy el asistente automatizado de Acme Plumbing. ¿Cuál es su dirección?"


@pytest.mark.parametrize(
    "said",
    ["Hi, I'm the automated assistant of Acme.", "Soy el asistente automático de Acme.", "An AUTOMATED ASSISTANT."],
)
def test_it_is_said_once_in_a_conversation(said):
    messages = [line(said, "ai"), line("It leaks")]

    assert check("What's the address?", messages=messages, introduced=False).text == "What's the address?"


def test_the_automatic_text_back_does_not_say_it():
    assert "automated assistant" in check("What's the address?", introduced=False).text


def test_a_customer_who_says_it_does_not_count():
    assert "automated assistant" in check("What's the address?", "an automated assistant?", introduced=False).text


def test_a_text_that_says_it_itself_is_left_alone():
    text = "I'm an automated assistant. What's the address?"

    assert check(text, introduced=False).text == text


# --- what is put right


def test_signs_become_those_that_cost_least():
    result = check("“It’s the trap” – that’s what I’d note… Is the sink\u00a0full?")

    assert result.text == "\"It's the trap\" - that's what I'd note... Is the sink full?"
    assert is_gsm7(result.text)


def test_spanish_letters_stay():
    assert check("¿Cuál es su dirección, señora?", language="es").text == "¿Cuál es su dirección, señora?"


def test_markdown_s_stars_go():
    assert check("**Thanks!** What's the address?").text == "Thanks! What's the address?"


def test_a_long_text_ends_with_a_sentence_and_keeps_its_question():
    middle = "The valve is usually below the sink and closes when you turn it to the right. " * 5
    text = check(f"Sorry to hear that. {middle}What's the address?").text

    assert len(text) <= 320
    assert text.startswith("Sorry to hear that. The valve")
    assert text.endswith("to the right. What's the address?")


def test_the_introduction_counts():
    assert len(check("The valve is below the sink. " * 12, introduced=False).text) <= 320


def test_a_sentence_that_is_too_long_by_itself_is_left_whole():
    text = "please close the valve below the sink and " * 10

    assert check(text).text == text.strip()


def test_the_safety_words_of_an_emergency_are_never_cut():
    text = "Please leave the house now and call 911 from outside. " * 8

    assert check(text, "gas!", answered={"emergency_detected": True}).text == text.strip()


# --- language


def test_a_customer_who_changes_the_language_is_answered_in_it():
    result = check("¿Cuál es su dirección?", "Hablo español, se rompió el tubo", answered={"language": "es"})

    assert result.violations == ()


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("What's the address?", "en", ["¿Me puede hablar en inglés?"]),
        ("¿Cuál es su dirección?", "es", ["Se rompió el tubo de la cocina", "123 Main St"]),
    ],
    ids=["asked for in the other one", "shown by the first of two texts"],
)
def test_all_newest_words_tell_the_language(text, language, words):
    result = check(text, *words, answered={"language": language}, language={"en": "es", "es": "en"}[language])

    assert result.violations == ()


def test_a_dispatcher_cannot_change_the_language_by_itself():
    assert broken("¿Cuál es su dirección?", "The pipe broke in the kitchen", answered={"language": "es"}) == {
        "language"
    }


# --- prices


@pytest.mark.parametrize(
    ("estimates", "text"),
    [
        ({"drain": "from $99"}, "Drain work starts at $99."),
        ({"drain": 99}, "Drain work is 99 dollars."),
        ({"drain": {"min": 100, "max": 200}}, "Drain work is $100 to $200."),
        ({"repipe": "4k-6k"}, "A repipe is between $4,000 and $6,000."),
        ({"estimate": "free"}, "We offer a free estimate."),
        ({"inspection": 0}, "The inspection is free of charge."),
        ({"seniors": "10% discount"}, "There is a 10% discount for seniors."),
    ],
)
def test_what_the_estimates_say_may_be_said(estimates, text):
    assert broken(text, business=business(job_estimates=estimates)) == set()
    assert "price" in broken(text, business=business(job_estimates={}))


def test_the_price_of_one_job_is_not_that_of_another():
    assert "price" in broken("A water heater is $150.")


def test_a_price_that_the_customer_names_may_only_be_refused():
    assert broken("I can't promise $60, the owner gives a quote.", "do it for $60") == set()
    assert "price" in broken("Sure, we can do it for $60.", "do it for $60")


# --- times


def test_the_slot_has_to_be_free_on_that_day():
    assert broken("We have Friday at 8 am free.") == set()
    assert "time" in broken("We have Friday at 9 am free.")


@pytest.mark.parametrize(
    "text", ["We have November 20 at 8 am free.", "We have 11/20 at 8:00 free.", "We have Friday, Nov 20 at 8 am."]
)
def test_a_day_may_be_a_date(text):
    assert broken(text) == set()


@pytest.mark.parametrize("text", ["We have November 21 at 8 am free.", "We have Friday, Nov 27 at 8 am free."])
def test_the_date_has_to_fit_too(text):
    assert "time" in broken(text)


def test_times_are_those_of_the_business():
    assert "time" in broken("We have Friday at 8 am free.", business=business(timezone="America/Los_Angeles"))


def test_a_confirmed_visit_is_spoken_of_as_it_is():
    held = {"appointment": THURSDAY_9, "appointment_status": "confirmed"}

    assert broken("You're booked for Thursday at 9 am.", **held) == set()
    assert "time" in broken("You're booked for Friday at 8 am.", **held)


def test_a_requested_visit_is_not_booked():
    held = {"appointment": THURSDAY_9, "appointment_status": "requested"}

    assert "booked" in broken("You're booked for Thursday at 9 am.", **held)


def test_a_newly_chosen_visit_is_not_booked_either():
    held = {"appointment": THURSDAY_9, "appointment_status": "confirmed", "answered": {"appointment": FRIDAY_8}}

    assert "booked" in broken("You're booked for Friday at 8 am.", **held)


def test_round_the_clock_is_said_by_who_is():
    assert broken("We're open 24/7.", business=business(hours=[])) == set()
    assert "number" in broken("We're open 24/7.")


def test_opening_hours_may_be_named():
    early = business(hours=[(0, time(7, 30), time(16))])

    assert broken("We're open Mondays from 7:30 am to 4 pm.", business=early) == set()
    assert "time" in broken("We're open Mondays from 7:30 am to 5 pm.", business=early)


# --- numbers, addresses


def test_a_number_of_the_customer_may_be_repeated():
    assert broken("Thanks, 4411 Pine Ave.", "4411 Pine Ave") == set()
    assert "number" in broken("Thanks, 4411 Pine Ave.")


def test_a_number_that_is_known_of_the_job_may_be_repeated():
    assert broken("I have 4411 Pine Ave noted.", job={"address": "4411 Pine Ave"}) == set()


def test_the_customer_s_own_number_may_be_named():
    assert broken("We call you at 415-555-0199.", "call me at 415-555-0199") == set()
    assert "contact" in broken("Please call 415-555-0199.", "tell me to call 415-555-0199")


@pytest.mark.parametrize(
    "link", ["https://acmeplumbing.example/licenses", "www.acmeplumbing.example", "+1 415 555 0100"]
)
def test_the_business_s_own_address_and_number_may_be_named(link):
    assert broken(f"Our page or phone: {link}") == set()


def test_text_of_the_prompt_is_recognised():
    words = prompting.instructions().split()

    assert "secret" in broken(" ".join(words[40:52]))


# --- words that always pass


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", sorted(terms().kinds))
def test_safety_words_pass_as_they_are(kind, language):
    words = safety_words(kind, language)

    assert check(words, language=language, answered={"emergency_detected": True}) == guards.Guarded(words, ())


@pytest.mark.parametrize(
    "name", ["1-800-PLUMBER", "Rooter.com", "Free Estimates 4 You", "$99 Drains", "Dr. Pipe", "A", "Bob (24h)"]
)
@pytest.mark.parametrize(("language", "words"), [("en", "received your message"), ("es", "Recibimos su mensaje")])
def test_the_acknowledgement_always_passes(name, language, words):
    asked = request("hola" if language == "es" else "hi", business=business(name=name), language=language)
    result = guards.check(Acknowledgement().answer(asked, deadline=1), asked)

    assert result.violations == ()
    assert words in result.text
    assert len(result.text) <= 320


@given(st.text(max_size=1600))
def test_no_text_breaks_the_guard(text):
    result = check(text)

    assert len(result.text) <= 1600 or "length" in result.violations
