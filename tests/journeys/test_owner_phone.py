"""A missed call, a customer who writes, the AI, and an owner who answers from their phone, on the running product."""

import time

import pytest

from nevermisscall.twilio.emulator import control
from tests.journeys.stack import wait_until

BUSINESS, OWNER = "+15005550120", "+15005550220"
STATE = (
    "SELECT id, status, ownership, relay_to, ai_due_at, outcome FROM conversations_conversation "
    "WHERE customer_phone = %s"
)


@pytest.fixture(scope="module")
def business(stack):
    """The AI answers after a second here."""
    stack.business(BUSINESS, OWNER, "--set", "ai_takeover_seconds=1")


def test_the_owner_answers_from_their_phone_and_the_ai_is_silent(stack, phone, customer, business):
    phone.wait_for_call(phone.place_call(from_=customer, to=BUSINESS, owner=control.no_answer()))
    phone.wait_for_message(to=customer, containing="missed your call")
    phone.send_text(from_=customer, to=BUSINESS, body="My kitchen sink is blocked")
    alert = phone.wait_for_message(to=OWNER, containing="My kitchen sink is blocked")
    wait_until(lambda: len(stack.texts_to(customer)) == 2)  # the text-back, and the AI
    [(conversation, *_)] = stack.rows(STATE, customer)
    assert alert["body"].startswith(f"#{conversation} ")

    phone.send_text(from_=OWNER, to=BUSINESS, body="Ann here, I'll be there at five", media=["image/png"])
    theirs = phone.wait_for_message(to=customer, containing="Ann here, I'll be there at five")
    assert theirs["num_media"] == 1
    assert stack.rows(STATE, customer) == [(conversation, "user_handling", "user", OWNER, None, "")]

    phone.send_text(from_=customer, to=BUSINESS, body="Great, the door is open")
    phone.wait_for_message(to=OWNER, containing="Great, the door is open")
    time.sleep(2)  # twice the AI's minute
    assert len(stack.texts_to(customer)) == 3

    phone.send_text(from_=OWNER, to=BUSINESS, body="DONE")
    phone.wait_for_message(to=OWNER, containing="done. Begin with")
    assert stack.rows(STATE, customer) == [(conversation, "completed", "user", "", None, "resolved")]


def test_an_owner_who_is_faster_than_the_ai_is_the_only_one_who_answers(stack, phone, customer, business):
    phone.send_text(from_=customer, to=BUSINESS, body="Are you open on Saturday?")
    [(conversation, *_)] = wait_until(lambda: stack.rows(STATE, customer))
    phone.send_text(from_=OWNER, to=BUSINESS, body=f"#{conversation} Yes, until noon")
    phone.wait_for_message(to=customer, containing="Yes, until noon")
    time.sleep(2)

    assert [text["body"] for text in stack.texts_to(customer)] == ["Yes, until noon"]
