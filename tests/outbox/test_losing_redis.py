"""A worker that loses Redis lives on."""

import uuid

from kombu import Connection

from nevermisscall.celery import app


def test_what_was_not_acknowledged_is_not_given_back_through_a_lost_connection():
    """It was: kombu asked the lost connection for its address, and the worker ended with an AttributeError."""
    name = f"lost.{uuid.uuid4().hex}"
    connection: Connection = app.connection_for_read()
    queue = connection.SimpleQueue(name)
    queue.put("ring")
    assert queue.get(timeout=5).payload == "ring"
    channel, transport = queue.consumer.channel, connection.transport
    address, transport.client = transport.client, None  # another thread was faster to close it
    try:
        channel.close()
    finally:
        transport.client = address
        connection.release()
