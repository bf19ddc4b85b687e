"""Language models behind their official SDKs, on a socket: what they may answer, and how long it takes."""

import pytest

from conversations.ai.llm.anthropic import AnthropicDispatcher
from conversations.ai.llm.openai import OpenAIDispatcher
from conversations.ai.protocol import Fault
from tests.conversations.ai.models import DEADLINE, FIELDS, refused
from tests.conversations.ai.people import THURSDAY_9, request


def test_it_is_asked_for_a_structured_answer_and_read(model, server):
    dispatcher, reply, path = model
    server.reply(reply())
    answer = dispatcher.answer(request(), deadline=5)

    assert server.requests[0][0] == path
    assert server.requests[0][2]["model"] == "some-model"
    assert answer.job == {"problem": "burst water heater"}
    assert answer.emergency_detected


def test_the_visit_it_chose_is_one_of_the_free_slots(model, server):
    dispatcher, reply, _ = model
    chosen = {"start": "2026-11-19T09:00:00-05:00", "end": "2026-11-19T10:00:00-05:00"}
    server.reply(reply({**FIELDS, "appointment": chosen}))

    assert dispatcher.answer(request(), deadline=5).appointment == THURSDAY_9


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 2},
        {"urgency_level": "critical"},
        {"message_to_customer": ""},
        {"job": [{"key": "x"}]},
        {"job": "burst"},
        {"appointment": {"start": "2026-11-21T09:00:00-05:00", "end": "2026-11-21T10:00:00-05:00"}},
    ],
    ids=str,
)
def test_what_breaks_the_schema_is_no_answer(model, server, wrong):
    dispatcher, reply, _ = model
    server.reply(reply({**FIELDS, **wrong}))

    assert refused(dispatcher)[0].fault == Fault.BROKEN


def test_an_unsure_answer_is_none(model, server):
    dispatcher, reply, _ = model
    server.reply(reply({**FIELDS, "confidence": 0.3}))

    assert refused(dispatcher)[0].fault == Fault.UNSURE


@pytest.mark.parametrize("body", [b"", b"{", b"<html>hello</html>", b"[]", b"null", b'"x"', b"{}"], ids=str)
def test_a_broken_answer_is_none(model, server, body):
    server.reply(body=body)

    assert refused(model[0])[0].fault == Fault.BROKEN


@pytest.mark.parametrize(
    ("status", "fault"), [(401, "refused"), (404, "refused"), (429, "unavailable"), (529, "unavailable")]
)
def test_another_status_is_no_answer(model, server, status, fault):
    server.reply(
        {"error": {"type": "x", "message": "It leaks at Jane's"}}, status=status, headers={"retry-after": "60"}
    )
    error, seconds = refused(model[0])

    assert error.fault == fault
    assert "Jane" not in str(error)
    assert seconds < DEADLINE


def test_one_hiccup_is_asked_again(model, server):
    dispatcher, reply, _ = model
    server.reply({}, status=529)
    server.reply(reply())

    assert dispatcher.answer(request(), deadline=5).confidence == 0.95
    assert len(server.requests) == 2


def test_a_slow_answer_is_too_late(model, server):
    dispatcher, reply, _ = model
    server.reply(reply(), after=DEADLINE + 1)
    error, seconds = refused(dispatcher)

    assert error.fault == Fault.TIMEOUT
    assert seconds < DEADLINE + 0.5


def test_an_answer_that_drips_is_too_late(model, server):
    server.drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{")
    error, seconds = refused(model[0])

    assert error.fault == Fault.TIMEOUT
    assert seconds < DEADLINE + 0.5


def test_a_huge_answer_is_cut_off(model, server):
    server.flood(8_000_000)

    assert "larger than" in str(refused(model[0])[0])


def test_nobody_there_is_no_answer(nobody):
    for make in (AnthropicDispatcher, OpenAIDispatcher):
        dispatcher = make(api_key="secret-key", model="some-model", base_url=nobody)

        assert refused(dispatcher)[0].fault == Fault.UNREACHABLE
