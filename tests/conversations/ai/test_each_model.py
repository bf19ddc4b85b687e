"""What is particular to one SDK: servers that know no schema, the shape of its answers, and that it is installed."""

import builtins
import json

import pytest

from conversations.ai.errors import MisconfiguredDispatcher
from conversations.ai.llm import schema
from conversations.ai.llm.anthropic import AnthropicDispatcher
from conversations.ai.llm.openai import OpenAIDispatcher
from conversations.ai.protocol import Fault
from tests.conversations.ai.models import FIELDS, anthropic_reply, openai_reply, refused
from tests.conversations.ai.people import request


def test_a_server_that_refuses_a_schema_is_asked_in_words(openai, server):
    server.reply({"error": {"message": "response_format is not supported"}}, status=400)
    server.reply(openai_reply(f"Sure:\n```json\n{json.dumps(FIELDS)}\n```"))

    assert openai.answer(request(), deadline=5).confidence == 0.95
    first, second = (body for _, _, body in server.requests)
    assert first["response_format"]["json_schema"]["schema"] == schema.ANSWER
    assert "response_format" not in second
    assert json.dumps(schema.ANSWER) in second["messages"][0]["content"]


def test_it_is_remembered(openai, server):
    server.reply({}, status=422)
    server.reply(openai_reply())
    for _ in range(2):
        openai.answer(request(), deadline=5)

    assert len(server.requests) == 3


def test_a_request_that_is_refused_in_words_too_is_no_answer(openai, server):
    server.reply({"error": {"message": "no such model"}}, status=400)

    assert refused(openai)[0].fault == Fault.REFUSED
    assert len(server.requests) == 2


def test_a_wrong_key_is_not_asked_in_words(openai, server):
    server.reply({}, status=401)
    refused(openai)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"choices": []},
        {"choices": None},
        {"choices": [{"index": 0, "message": None}]},
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": None, "refusal": "no"}}]},
        {"choices": ["x"]},
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": "I cannot do that."}}]},
    ],
    ids=str,
)
def test_an_openai_answer_without_an_answer_is_none(openai, server, changes):
    server.reply(openai_reply(**changes))

    assert refused(openai)[0].fault == Fault.BROKEN


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "text",
        [{"type": "text", "text": "I cannot do that."}],
        [{"type": "tool_use", "id": "t", "name": "x", "input": []}],
        [7],
    ],
    ids=str,
)
def test_an_anthropic_answer_without_an_answer_is_none(anthropic, server, content):
    server.reply(anthropic_reply(content=content))

    assert refused(anthropic)[0].fault == Fault.BROKEN


def test_an_anthropic_answer_in_words_is_read(anthropic, server):
    server.reply(anthropic_reply(content=[{"type": "text", "text": f"Here: {json.dumps(FIELDS)}"}]))

    assert anthropic.answer(request(), deadline=5).confidence == 0.95


@pytest.mark.parametrize(("make", "package"), [(AnthropicDispatcher, "anthropic"), (OpenAIDispatcher, "openai")])
def test_a_missing_sdk_is_told_with_the_remedy(make, package, monkeypatch):
    importing = builtins.__import__

    def without(name, *args, **options):
        if name == package:
            raise ImportError(name)
        return importing(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MisconfiguredDispatcher, match=r"pip install -r requirements/llm.txt"):
        make(api_key="secret-key", model="some-model")
