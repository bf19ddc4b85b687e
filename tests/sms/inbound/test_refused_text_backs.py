"""A text-back that the caller did not get is told to the owner, with the reason."""

from datetime import UTC, datetime

import pytest

from nevermisscall.outbox import work
from nevermisscall.outbox.facts import DELIVERIES
from nevermisscall.outbox.models import Fact
from sms.models import Message
from tests.fixtures.people import CUSTOMER, OWNER_PHONE


def owner_told(twilio_api) -> str:
    [alert] = twilio_api.messages(to=OWNER_PHONE)
    return alert["body"]


@pytest.mark.parametrize(
    ("caller", "why"),
    [
        ("+15005550009", "it is a landline"),
        ("+15005550004", "they opted out of texts"),
        ("+15005550002", "the text was not delivered"),
    ],
    ids=["21614", "21610", "21612"],
)
def test_what_twilio_refuses_is_told_to_the_owner_with_the_reason(acme, twilio, twilio_api, do_due_work, caller, why):
    twilio.incoming_call(From=caller)
    twilio.dial_action(From=caller, DialCallStatus="no-answer")
    do_due_work()

    assert why in owner_told(twilio_api)


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        ("undelivered", "30006", "it is a landline"),
        ("failed", "21610", "they opted out of texts"),
        ("undelivered", "30003", "the text was not delivered"),
        ("failed", "99999", "the text was not delivered"),
    ],
)
def test_what_the_carrier_refuses_is_told_too(acme, twilio, twilio_api, do_due_work, status, code, why):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()
    sid = Message.objects.get().message_sid
    for _ in range(2):
        twilio.message_status(sid, status, ErrorCode=code)
    do_due_work()

    assert why in owner_told(twilio_api)
    assert Fact.objects.filter(topic="message.delivery_failed").count() == 1


@pytest.mark.parametrize(("body", "why"), [("STOP", "they opted out of texts"), (None, "too much time had passed")])
def test_a_text_back_that_never_left_is_told_too(acme, twilio, twilio_api, do_due_work, body, why):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    for row in work.claim(DELIVERIES, limit=10):
        work.run_claimed(DELIVERIES, row)
    if body:
        twilio.text(body)
    else:
        Message.objects.update(expires_at=datetime.now(UTC))
    do_due_work()

    assert not twilio_api.messages(to=CUSTOMER)
    assert why in owner_told(twilio_api)
