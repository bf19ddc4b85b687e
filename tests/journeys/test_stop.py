"""A customer tells us to stop, in both languages, and changes their mind."""

import time

import pytest

from nevermisscall.twilio.emulator import control
from tests.journeys.stack import wait_until

BUSINESS, OWNER = "+15005550110", "+15005550210"


@pytest.fixture(scope="module")
def business(stack):
    """A business without a cooldown, so that each missed call would be a text."""
    stack.business(BUSINESS, OWNER, "--set", "text_back_cooldown_minutes=0")


def miss(stack, phone, customer):
    call_sid = phone.place_call(from_=customer, to=BUSINESS, owner=control.busy())
    phone.wait_for_call(call_sid)
    outcome = "SELECT 1 FROM calls_call WHERE call_sid = %s AND text_back_at IS NOT NULL"
    wait_until(lambda: stack.rows(outcome, call_sid))
    time.sleep(0.5)


def opted_out(stack, customer):
    found = stack.rows("SELECT opted_out_at IS NOT NULL FROM tenants_contact WHERE number = %s", customer)
    return bool(found) and found[0][0]


def test_stop_is_heard_and_start_too(stack, phone, customer, business):
    """Twilio answers STOP and START itself, so nothing of ours follows them."""
    miss(stack, phone, customer)
    assert len(stack.texts_to(customer)) == 1

    phone.send_text(from_=customer, to=BUSINESS, body="Stop")
    wait_until(lambda: opted_out(stack, customer))
    told = len(stack.texts_to(OWNER))
    miss(stack, phone, customer)
    assert len(stack.texts_to(customer)) == 1
    assert "opted out" in wait_until(lambda: stack.texts_to(OWNER)[told:])[0]["body"]

    phone.send_text(from_=customer, to=BUSINESS, body="START")
    wait_until(lambda: not opted_out(stack, customer))
    miss(stack, phone, customer)
    assert len(wait_until(lambda: stack.texts_to(customer)[1:])) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [("please stop texting me", "Acme"), ("por favor no me escriban más", "Acme")],
    ids=["English", "Spanish"],
)
def test_free_words_are_heard_and_confirmed_once(stack, phone, customer, business, words, said):
    miss(stack, phone, customer)
    phone.send_text(from_=customer, to=BUSINESS, body=words)
    wait_until(lambda: opted_out(stack, customer))
    confirmation = wait_until(lambda: stack.texts_to(customer)[1:])
    phone.send_text(from_=customer, to=BUSINESS, body=words)
    miss(stack, phone, customer)

    assert said in confirmation[0]["body"]
    assert len(stack.texts_to(customer)) == 2


def test_a_reply_joins_the_conversation(stack, phone, customer, business):
    miss(stack, phone, customer)
    phone.send_text(from_=customer, to=BUSINESS, body="My sink is blocked 🛁")

    lines = (
        "SELECT m.direction, m.body FROM conversations_entry e JOIN sms_message m ON m.id = e.message_id "
        "JOIN conversations_conversation c ON c.id = e.conversation_id WHERE c.customer_phone = %s ORDER BY e.id"
    )
    found = wait_until(lambda: (rows := stack.rows(lines, customer)) and len(rows) == 2 and rows)
    assert [direction for direction, _ in found] == ["outbound", "inbound"]
    assert found[1][1] == "My sink is blocked 🛁"
