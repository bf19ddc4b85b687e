"""Clients that connect and say nothing, or break off in the middle: callers are answered all the same, or soon again.

No proxy is in front here. Behind one that reads requests whole (docs/operations.md) none of these reach the web server.
"""

import contextlib
import socket
import time

import pytest

from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic

SOCKETS = 200
THREADS = 16  # of two web processes
READ_SECONDS = 3  # ops/gunicorn.conf.py

HALF_A_HEAD = (
    b"POST /webhooks/twilio/call HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Tw"
)
HALF_A_BODY = HALF_A_HEAD + b"ilio-Signature: x\r\nContent-Length: 1000\r\n\r\nCallSid=CA"
ENDLESS_CHUNKS = HALF_A_HEAD + b"ilio-Signature: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


@contextlib.contextmanager
def held_open(stack, words: bytes):
    """Hold many connections open that have said this much; yields them."""
    with contextlib.ExitStack() as opened:
        connections = []
        for _ in range(SOCKETS):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", stack.port), timeout=5))
            connection.sendall(words)
            connections.append(connection)
        yield connections


def is_let_go(connection: socket.socket) -> bool:
    """Tell whether the server has closed it, with an answer before that or without."""
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    return True


@pytest.mark.fault("F19")
def test_two_hundred_silent_connections_slow_nobody_down(stack, say, figure):
    ledger.warm_up(stack)
    with Traffic(stack) as traffic:
        time.sleep(10)
    before = ledger.answers(traffic)
    with held_open(stack, b""):
        time.sleep(2)  # each had a thread for a moment
        with Traffic(stack) as traffic:
            time.sleep(15)

    found = ledger.answers(traffic)
    say(f"{before}, and with the sockets {found}")
    figure(events=found["webhooks"], sockets=SOCKETS, p99_ms=found["p99 ms"], p99_ms_without=before["p99 ms"])
    assert (found["not 2xx"], found["not forwarded"], found["posted again"]) == (0, 0, 0)
    # With gunicorn's own 5 s for each, nobody is answered for a minute.
    assert found["p99 ms"] <= max(500, 3 * before["p99 ms"])


@pytest.mark.fault("F19")
@pytest.mark.parametrize("words", [HALF_A_HEAD, HALF_A_BODY, ENDLESS_CHUNKS], ids=["head", "body", "chunks"])
def test_two_hundred_half_requests_are_let_go(stack, say, figure, words):
    """Without a proxy each does hold a thread, and callers wait; the server ends them, sixteen every three seconds."""
    ledger.warm_up(stack)
    with held_open(stack, words) as connections:
        began = time.monotonic()
        longest = 4 * READ_SECONDS * SOCKETS / THREADS  # on a busy machine; without a limit they stay for ever
        wait_until(lambda: all(map(is_let_go, connections)), seconds=longest)
        back_after = time.monotonic() - began
        with Traffic(stack) as traffic:
            time.sleep(5)

    found = ledger.answers(traffic)
    say(f"back after {back_after:.1f} s, then {found}")
    figure(events=found["webhooks"], sockets=SOCKETS, back_after_s=round(back_after, 1), p99_ms=found["p99 ms"])
    assert (found["not 2xx"], found["not forwarded"]) == (0, 0)
