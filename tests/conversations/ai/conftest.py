"""Services elsewhere are servers on a socket."""

import socket

import pytest

from conversations.ai.dispatchbot.client import DispatchBot
from conversations.ai.llm.anthropic import AnthropicDispatcher
from conversations.ai.llm.openai import OpenAIDispatcher
from tests.conversations.ai.dispatchbot import DEADLINE
from tests.conversations.ai.fake_server import FakeServer
from tests.conversations.ai.models import MODELS
from tests.conversations.ai.people import request


@pytest.fixture
def server():
    """An address where somebody answers as the test says."""
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.fixture
def nobody():
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(params=MODELS)
def model(request, server):
    """One of the two, at the fake server: its dispatcher, what a good reply of it looks like, and the path it asks."""
    make, reply, suffix, path = MODELS[request.param]
    dispatcher = make(api_key="secret-key", model="some-model", base_url=server.url + suffix)
    yield dispatcher, reply, path
    dispatcher.close()


@pytest.fixture
def openai(server):
    dispatcher = OpenAIDispatcher(api_key="", model="some-model", base_url=server.url)
    yield dispatcher
    dispatcher.close()


@pytest.fixture
def anthropic(server):
    dispatcher = AnthropicDispatcher(api_key="secret-key", model="some-model", base_url=server.url)
    yield dispatcher
    dispatcher.close()


@pytest.fixture
def ask(server):
    """Ask a DispatchBot at the fake server."""
    bot = DispatchBot(url=server.url + "/", api_key="secret")
    yield lambda asked=None, *, deadline=DEADLINE: bot.answer(asked or request(), deadline=deadline)
    bot.close()
