"""A missed call becomes a visit, and an emergency a ringing phone, on the running product with the rules dispatcher."""

import pytest

from nevermisscall.twilio.emulator import control
from tests.journeys.stack import wait_until

BUSINESS, OWNER = "+15005550110", "+15005550210"


@pytest.fixture(scope="module")
def plumber(stack):
    """A business whose AI answers after two seconds."""
    stack.business(BUSINESS, OWNER, "--set", "trade=plumbing", "--set", "ai_takeover_seconds=2")


@pytest.fixture
def texts(stack, phone, customer):
    """Return what the customer got, oldest first."""
    return lambda: [text["body"] for text in phone.messages(to=customer)]


@pytest.fixture
def write(phone, customer, texts):
    """Have the customer text; return the answer."""

    def say(body: str) -> str:
        before = len(texts())
        phone.send_text(from_=customer, to=BUSINESS, body=body)
        return wait_until(lambda: texts()[before:], seconds=20)[0]

    return say


def conversation_of(stack, customer: str):
    query = "SELECT id, status, ownership, outcome FROM conversations_conversation WHERE customer_phone = %s"
    return stack.rows(query, customer)[-1]


@pytest.mark.parametrize(
    ("request_", "trade", "choice", "requested"),
    [
        (
            "Hi, my kitchen sink is blocked, need help today",
            "plumbing",
            "the first one works, 12 Oak Street",
            "requested",
        ),
        ("Hola, se me tapó el fregadero, necesito ayuda", "plomer", "la primera, calle Oak 12", "solicit"),
    ],
    ids=["en", "es"],
)
def test_a_missed_call_becomes_a_visit(
    stack, phone, plumber, customer, texts, write, request_, trade, choice, requested
):
    phone.wait_for_call(phone.place_call(from_=customer, to=BUSINESS, owner="no_answer"))
    wait_until(lambda: texts() and "missed your call" in texts()[0])
    offer = write(request_)
    answer = write(choice)
    for _ in range(2):  # it may ask for the address before it is done
        if conversation_of(stack, customer)[1] == "completed":
            break
        answer = write("12 Oak Street. " + choice)

    assert trade in offer.lower()
    assert requested in answer.lower()
    pk, status, ownership, outcome = conversation_of(stack, customer)
    assert (status, ownership, outcome) == ("completed", "ai", "booked")
    topics = stack.rows("SELECT topic FROM outbox_fact WHERE data->>'conversation_id' = %s", str(pk))
    assert ("appointment.requested",) in topics
    assert ("conversation.completed",) in topics


def test_an_emergency_is_answered_at_once_and_rings_the_owner(stack, phone, plumber, customer, write):
    phone.set_owner(OWNER, control.answers(presses="1"))
    answer = write("Gas leak in house!")

    assert "911" in answer
    acknowledged = (
        "SELECT acknowledged_how FROM emergencies_escalation e JOIN conversations_conversation c "
        "ON c.id = e.conversation_id WHERE c.customer_phone = %s AND acknowledged_at IS NOT NULL"
    )
    assert wait_until(lambda: stack.rows(acknowledged, customer), seconds=20) == [("call",)]
    assert conversation_of(stack, customer)[2] == "user"


def test_a_takeover_through_the_owners_phone_keeps_the_ai_silent(stack, phone, plumber, customer, texts, write):
    write("my kitchen sink is blocked")
    pk = conversation_of(stack, customer)[0]
    phone.send_text(from_=OWNER, to=BUSINESS, body=f"#{pk} I can be there at 5.")
    wait_until(lambda: "I can be there at 5." in texts())
    before = len(texts())
    phone.send_text(from_=customer, to=BUSINESS, body="great, which door?")
    relayed = f"#{pk}"
    wait_until(
        lambda: any(relayed in text["body"] and "which door?" in text["body"] for text in phone.messages(to=OWNER))
    )

    assert texts()[before:] == []
    assert conversation_of(stack, customer)[2] == "user"
