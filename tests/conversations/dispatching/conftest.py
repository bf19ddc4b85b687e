"""A customer who waits, and a DispatchBot on a socket with an answer to give."""

import itertools

import pytest
from django.db import connections
from django.utils import timezone

from conversations.ai.config import Config
from conversations.dispatching import dispatchers
from conversations.models import Conversation
from nevermisscall.outbox.models import Fact
from tests.conversations.ai.fake_server import FakeServer
from tests.fixtures.people import CUSTOMER

_customers = itertools.count(1)

ANSWER = {
    "success": True,
    "job_type": "plumbing_drain",
    "urgency_level": "normal",
    "emergency_detected": False,
    "confidence": 0.9,
    "message_to_customer": "This is Acme Plumbing's automated assistant. What is the address?",
    "job": {"problem": "blocked sink"},
    "appointment": None,
    "conversation_complete": False,
    "summary": "A blocked kitchen sink.",
}


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
    dispatchers.built.cache_clear()
    yield fake
    dispatchers.chain().close()
    dispatchers.built.cache_clear()
    fake.stop()


@pytest.fixture
def model(settings):
    """A server of one's own that speaks OpenAI's API, configured and asked first."""
    fake = FakeServer()
    settings.DISPATCHERS = Config(ai_backend="openai", openai_base_url=f"{fake.url}/v1", ai_model="some-model")
    dispatchers.built.cache_clear()
    yield fake
    dispatchers.chain().close()
    dispatchers.built.cache_clear()
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


@pytest.fixture
def customer_waits(twilio, twilio_api, acme, do_due_work, be_due):
    """Have the customer text, and let the minute be over."""

    def wait(body: str = "my kitchen sink is blocked") -> Conversation:
        twilio.text(body)
        do_due_work()
        conversation = Conversation.objects.latest("pk")
        be_due(conversation)
        return conversation

    return wait


@pytest.fixture
def after(do_due_work):
    """Do what is due and return the conversation as it is then."""

    def run(conversation: Conversation) -> Conversation:
        do_due_work()
        conversation.refresh_from_db()
        return conversation

    return run


def texts(twilio_api, to: str = CUSTOMER) -> list[str]:
    """Return what Twilio was given for a phone, in order."""
    return [text["body"] for text in twilio_api.messages(to=to)]


def topics() -> list[str]:
    """Return what was published, in order."""
    return list(Fact.objects.order_by("occurred_at", "id").values_list("topic", flat=True))
