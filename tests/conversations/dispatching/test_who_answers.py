"""Who answers a turn: DispatchBot, a model of one's own, and the rules whenever they fail."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conversations.ai import factory
from conversations.dispatching import dispatchers
from nevermisscall.status.models import ServiceState
from tests.conversations.ai.models import FIELDS, openai_reply
from tests.conversations.dispatching.conftest import ANSWER, texts
from tests.fixtures.people import CUSTOMER


def test_a_model_of_ones_own_answers_too(customer_waits, after, twilio_api, model):
    calm = {"urgency_level": "normal", "emergency_detected": False}
    model.reply(openai_reply({**FIELDS, **calm, "message_to_customer": ANSWER["message_to_customer"]}))
    conversation = after(customer_waits())

    assert texts(twilio_api) == [ANSWER["message_to_customer"]]
    assert conversation.job == {"problem": "burst water heater"}
    assert CUSTOMER not in str(model.requests)


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"body": b"<html>"}, {"after": 7.0}], ids=["503", "broken", "too slow"]
)
def test_when_the_model_fails_the_rules_answer(customer_waits, after, twilio_api, model, fault):
    model.reply(**{"data": openai_reply(), **fault})
    after(customer_waits())

    (answer,) = texts(twilio_api)
    assert "automated assistant" in answer


@pytest.mark.parametrize(
    "fault",
    [
        {"body": b"{not json"},
        {"status": 500},
        {"data": {"success": True}},
        {"data": {**ANSWER, "confidence": 0.2}},
        {"data": {**ANSWER, "success": False}},
        {"data": {**ANSWER, "message_to_customer": "It will cost $99 and we arrive in 10 minutes."}},
    ],
    ids=["broken", "500", "wrong schema", "unsure", "no success", "a promise"],
)
def test_when_dispatchbot_fails_the_rules_answer(customer_waits, after, twilio_api, dispatchbot, fault):
    dispatchbot.reply(**fault)
    after(customer_waits())

    (answer,) = texts(twilio_api)
    assert "automated assistant" in answer
    assert "$99" not in answer


def test_what_fails_is_on_health_and_so_is_its_return(customer_waits, after, twilio, client, dispatchbot, be_due):
    dispatchbot.reply(status=500)
    conversation = after(customer_waits())
    assert ServiceState.objects.get(name="dispatchbot_ai").state == "degraded"

    dispatchbot._replies.clear()
    dispatchbot.reply(ANSWER)
    twilio.text("1 Main Street")
    after(conversation)
    be_due(conversation)
    after(conversation)
    assert ServiceState.objects.get(name="dispatchbot_ai").state == "ok"


def test_threads_that_come_first_at_once_share_one_chain(monkeypatch):
    """And so one breaker: with one each, a service that hung was asked three times by everybody."""
    build = factory.build

    def slowly(*args, **given):
        time.sleep(0.1)
        return build(*args, **given)

    monkeypatch.setattr(factory, "build", slowly)
    dispatchers.built.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        chains = [each.result() for each in [pool.submit(dispatchers.chain) for _ in range(4)]]

    assert len({id(chain) for chain in chains}) == 1
