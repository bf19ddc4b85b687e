"""A customer who waits, and a DispatchBot on a socket."""

import itertools

import pytest
from django.db import connections
from django.utils import timezone

from conversations.ai.config import Config
from conversations.dispatching import dispatchers
from conversations.models import Conversation
from tests.conversations.ai.fake_server import FakeServer

_customers = itertools.count(1)


@pytest.fixture
def new_customer():
    """A number that nobody else has."""
    return lambda: f"+1646555{next(_customers):04}"


@pytest.fixture
def be_due():
    """Make the AI's turn due, as if its minute were over."""

    def due(conversation: Conversation) -> None:
        Conversation.objects.filter(pk=conversation.pk, ai_due_at__isnull=False).update(ai_due_at=timezone.now())

    return due


@pytest.fixture
def dispatchbot(settings):
    """DispatchBot on a socket, configured and asked first."""
    fake = FakeServer()
    settings.DISPATCHERS = Config(dispatchbot_url=fake.url, dispatchbot_api_key="secret")
    dispatchers.chain.cache_clear()
    yield fake
    dispatchers.chain().close()
    dispatchers.chain.cache_clear()
    fake.stop()


@pytest.fixture
def model(settings):
    """A server of one's own that speaks OpenAI's API, configured and asked first."""
    fake = FakeServer()
    settings.DISPATCHERS = Config(ai_backend="openai", openai_base_url=f"{fake.url}/v1", ai_model="some-model")
    dispatchers.chain.cache_clear()
    yield fake
    dispatchers.chain().close()
    dispatchers.chain.cache_clear()
    fake.stop()


@pytest.fixture
def elsewhere():
    """Wrap what happens in another thread, such as the fake server's, so that it leaves no connection behind."""

    def wrap(act):
        def run():
            try:
                act()
            finally:
                connections.close_all()

        return run

    return wrap
