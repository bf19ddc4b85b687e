"""A DispatchBot that is down, slow or silent: nothing it does takes longer than said."""

import socket
import time as clock

import pytest

from conversations.ai.dispatchbot.client import DispatchBot
from conversations.ai.protocol import Fault
from tests.conversations.ai.dispatchbot import DEADLINE, refused
from tests.conversations.ai.people import answer_json, request


@pytest.mark.parametrize(
    ("status", "fault"),
    [(500, "unavailable"), (503, "unavailable"), (429, "unavailable"), (401, "refused"), (404, "refused")],
)
def test_another_status_is_no_answer(ask, server, status, fault):
    server.reply(answer_json(), status=status)

    assert refused(ask)[0].fault == fault


def test_a_redirect_is_not_followed(ask, server):
    server.reply(answer_json(), status=307, headers={"Location": "/elsewhere"})

    assert refused(ask)[0].fault == Fault.REFUSED
    assert len(server.requests) == 1


def test_one_hiccup_is_asked_again(ask, server):
    server.hang_up()
    server.reply(answer_json())

    assert ask().job_type == "plumbing_emergency"
    assert len(server.requests) == 2


def test_it_is_asked_twice_at_most(ask, server):
    server.reply({}, status=503)
    refused(ask)

    assert len(server.requests) == 2


def test_a_slow_hiccup_is_not_asked_again(ask, server):
    server.reply({}, status=503, after=DEADLINE * 0.7)
    refused(ask)

    assert len(server.requests) == 1


def test_nobody_there_is_no_answer(nobody):
    bot = DispatchBot(url=nobody, api_key="secret")

    assert refused(bot.answer, request=request(), deadline=DEADLINE)[0].fault == Fault.UNREACHABLE


def test_a_huge_answer_is_cut_off(ask, server):
    server.flood(8_000_000)
    error, seconds = refused(ask, deadline=5)

    assert "larger than" in str(error)
    assert seconds < 2


def test_a_slow_answer_is_too_late(ask, server):
    server.reply(answer_json(), after=DEADLINE + 1)
    error, seconds = refused(ask)

    assert error.fault == Fault.TIMEOUT
    assert seconds < DEADLINE + 0.5


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="from the first byte"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="in a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", id="in the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", id="in a chunk's length"),
    ],
)
def test_an_answer_that_drips_is_too_late(ask, server, head):
    server.drip(head, filler=b"1")
    error, seconds = refused(ask)

    assert error.fault == Fault.TIMEOUT
    assert seconds < DEADLINE + 0.5


def test_a_name_server_that_says_nothing_costs_no_more_than_the_deadline(monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **options: clock.sleep(3))
    bot = DispatchBot(url="http://dispatchbot.example", api_key="secret")
    error, seconds = refused(bot.answer, request=request(), deadline=DEADLINE)

    assert error.fault == Fault.TIMEOUT
    assert seconds < DEADLINE + 0.5


def test_the_next_customer_is_answered_after_a_late_one(ask, server):
    server.reply(answer_json(), after=DEADLINE + 0.2)
    server.reply(answer_json())
    refused(ask)

    assert ask().job_type == "plumbing_emergency"


def test_a_server_that_never_finishes_the_tls_greeting_is_too_late():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bot = DispatchBot(url=f"https://127.0.0.1:{silent.getsockname()[1]}", api_key="secret")
        error, seconds = refused(bot.answer, request=request(), deadline=DEADLINE)

    assert error.fault == Fault.TIMEOUT
    assert seconds < DEADLINE + 0.5
