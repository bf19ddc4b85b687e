"""What models answer, as their SDKs read it, and the words for asking one."""

import json
import time

import pytest

from conversations.ai.llm import schema
from conversations.ai.llm.anthropic import AnthropicDispatcher
from conversations.ai.llm.openai import OpenAIDispatcher
from conversations.ai.protocol import DispatcherError
from tests.conversations.ai.people import answer_json, request

DEADLINE = 0.8
FIELDS = {
    **{name: value for name, value in answer_json().items() if name != "success"},
    "job": [{"name": "problem", "value": "burst water heater"}],
    "outcome": "",
    "language": "en",
    "needs_human": False,
}


def anthropic_reply(fields=FIELDS, **changes):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 1},
        "content": [{"type": "tool_use", "id": "t", "name": schema.NAME, "input": fields}],
        **changes,
    }


def openai_reply(fields=FIELDS, **changes):
    content = fields if isinstance(fields, str) else json.dumps(fields)
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
        **changes,
    }


MODELS = {
    "anthropic": (AnthropicDispatcher, anthropic_reply, "", "/v1/messages"),
    "openai": (OpenAIDispatcher, openai_reply, "/v1", "/v1/chat/completions"),
}


def refused(dispatcher):
    """Return the error that it raises, and the seconds it took."""
    started = time.monotonic()
    with pytest.raises(DispatcherError) as caught:
        dispatcher.answer(request(), deadline=DEADLINE)
    return caught.value, time.monotonic() - started


def asked_of(model, server, **changes):
    """Return the JSON that the model is asked with."""
    dispatcher, reply, _ = model
    server.reply(reply())
    dispatcher.answer(request(**changes), deadline=5)
    return server.requests[0][2]
