"""Calls that the REST API places: what the called person does, and whom they are connected with."""

import pytest

from nevermisscall.twilio.emulator.control import (
    answers,
    answers_no_press,
    forwards_back,
    hangs_up_in_whisper,
    voicemail,
)
from tests.twilio.emulator.conftest import BUSINESS, CUSTOMER, OWNER

ASK = '<Response><Gather numDigits="1" timeout="6" action="/pressed"><Say>Press 1.</Say></Gather><Hangup/></Response>'
CONNECT = f'<Response><Dial callerId="{BUSINESS}" action="/connected"><Number>{CUSTOMER}</Number></Dial></Response>'


@pytest.fixture
def ring(phone, api, product):
    """Place a call to the owner that asks for a 1 and connects with the customer; return it when it is over."""
    product.on("/ask", ASK)
    product.on("/pressed", CONNECT)
    product.on("/connected", "<Response/>")

    def place(owner):
        phone.set_owner(OWNER, owner)
        events = ["initiated", "ringing", "answered", "completed"]
        status = {"status_callback": f"{product.url}/progress", "status_callback_event": events}
        created = api.calls.create(to=OWNER, from_=BUSINESS, url=f"{product.url}/ask", **status)
        return phone.wait_for_call(created.sid)

    return place


def progress(product):
    return [event["CallStatus"] for event in product.at("/progress")]


def test_who_presses_1_is_connected(phone, product, ring):
    phone.set_owner(CUSTOMER, answers(talk=20))
    call = ring(answers(talk=90))

    [leg] = call["legs"]
    assert (leg["from"], leg["to"], leg["status"], leg["bridged"]) == (BUSINESS, CUSTOMER, "completed", True)
    [connected] = product.at("/connected")
    assert (connected["DialCallStatus"], connected["DialBridged"]) == ("completed", "true")
    assert progress(product) == ["initiated", "ringing", "in-progress", "completed"]


@pytest.mark.parametrize("customer", ["no_answer", "busy"])
def test_a_customer_who_is_not_there(phone, product, ring, customer):
    phone.set_owner(CUSTOMER, customer)
    ring(answers(talk=90))

    [connected] = product.at("/connected")
    assert connected["DialCallStatus"] == customer.replace("_", "-")


@pytest.mark.parametrize(
    "owner", [answers_no_press(), voicemail(), hangs_up_in_whisper()], ids=lambda o: o["behaviour"]
)
def test_who_presses_nothing_is_not(product, ring, owner):
    ring(owner)

    assert product.at("/pressed") == []
    assert progress(product) == ["initiated", "ringing", "in-progress", "completed"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ('<Response><Reject reason="busy"/></Response>', "busy"),
        ("<Response><Reject/></Response>", "no-answer"),
        ("<Response><Say>Hello.</Say></Response>", "completed"),
    ],
)
def test_a_phone_that_forwards_brings_the_call_back_to_the_number_it_came_from(phone, product, ring, answer, status):
    product.on("/voice", answer)
    phone.configure(speed=100)
    call = ring(forwards_back())

    [second] = product.at("/voice")
    assert [second["CallSid"]] == call["linked"]
    assert (second["From"], second["To"], second["ForwardedFrom"]) == (BUSINESS, BUSINESS, OWNER)
    assert progress(product)[-1] == status
