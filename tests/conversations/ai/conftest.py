"""Services elsewhere are servers on a socket."""

import socket

import pytest

from tests.conversations.ai.fake_server import FakeServer


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
