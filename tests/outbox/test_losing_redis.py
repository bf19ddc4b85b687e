"""A worker that loses Redis lives on."""

import uuid

import pytest
from kombu import Connection

from nevermisscall.celery import app


@pytest.fixture
def rung():
    """A connection, its channel, and a ring that was heard and not acknowledged."""
    connection: Connection = app.connection_for_read()
    queue = connection.SimpleQueue(f"lost.{uuid.uuid4().hex}")
    queue.put("ring")
    ring = queue.get(timeout=5)
    yield connection, queue.consumer.channel, ring
    connection.release()


def test_what_was_not_acknowledged_is_not_given_back_through_a_lost_connection(rung):
    """It was: kombu asked the lost connection for its address, and the worker ended with an AttributeError."""
    connection, channel, ring = rung
    assert ring.payload == "ring"
    transport = connection.transport
    address, transport.client = transport.client, None  # another thread was faster to close it
    try:
        channel.close()
    finally:
        transport.client = address


def test_what_is_done_after_the_connection_was_lost_is_not_acknowledged_through_it(rung):
    """The same end: its task ran while Redis went away and came back."""
    _, channel, ring = rung
    channel.close()

    ring.ack()
