"""DispatchBot on a socket: what it is asked, what it may answer, and that nothing it does takes longer than said."""

import socket
import time as clock
from datetime import time

import pytest

from conversations.ai.dispatchbot.client import DispatchBot
from conversations.ai.protocol import EMERGENCY, DispatcherError, Fault
from tests.conversations.ai.people import (
    CUSTOMER_PHONE,
    THURSDAY_9,
    THURSDAY_14,
    answer_json,
    business,
    line,
    request,
)

DEADLINE = 0.6


@pytest.fixture
def ask(server):
    """Ask a DispatchBot at the fake server."""
    bot = DispatchBot(url=server.url + "/", api_key="secret")
    yield lambda asked=None, *, deadline=DEADLINE: bot.answer(asked or request(), deadline=deadline)
    bot.close()


def refused(ask, **options):
    """The error it raises, and the seconds it took."""
    started = clock.monotonic()
    with pytest.raises(DispatcherError) as caught:
        ask(**options)
    return caught.value, clock.monotonic() - started


# --- what it is asked


def test_it_is_asked_with_the_bearer_key_and_the_agreed_fields(ask, server):
    server.reply(answer_json())
    ask()

    path, headers, body = server.requests[0]
    assert path == "/analyze-conversation"
    assert headers["authorization"] == "Bearer secret"
    assert body["conversation_id"] == 12
    assert body["tenant_id"] == 3
    assert body["priority"] == "normal"
    assert body["bypass_timer"] is False
    assert body["job_estimates"]["drain cleaning"] == "$150-$250"
    assert body["user_settings"] == body["business_settings"]
    assert body["user_settings"]["business_name"] == "Acme Plumbing"
    assert body["customer"]["phone"] == CUSTOMER_PHONE


def test_our_automatic_text_is_a_message_of_the_ai(ask, server):
    server.reply(answer_json())
    ask(request("It leaks", messages=[line("Hi! I missed your call.", "ai"), line("It leaks", media=("image/jpeg",))]))

    messages = server.requests[0][2]["messages"]
    assert [message["sender_type"] for message in messages] == ["ai", "customer"]
    assert messages[1] == {
        "sender_type": "customer",
        "body": "It leaks",
        "media": ["image/jpeg"],
        "sent_at": "2026-11-18T10:00:00-05:00",
    }


def test_an_emergency_says_so(ask, server):
    server.reply(answer_json())
    ask(request("Gas leak in house!", urgency_level=EMERGENCY, bypass_timer=True))

    assert server.requests[0][2]["priority"] == "emergency"
    assert server.requests[0][2]["bypass_timer"] is True


def test_the_calendar_is_in_the_business_s_own_time(ask, server):
    server.reply(answer_json())
    ask(request(busy=[THURSDAY_14], free_slots=[THURSDAY_9]))

    calendar = server.requests[0][2]["calendar"]
    assert calendar["timezone"] == "America/New_York"
    assert calendar["free_slots"] == [{"start": "2026-11-19T09:00:00-05:00", "end": "2026-11-19T10:00:00-05:00"}]
    assert calendar["busy"] == [{"start": "2026-11-19T14:00:00-05:00", "end": "2026-11-19T15:00:00-05:00"}]


def test_what_earlier_turns_found_out_comes_along(ask, server):
    server.reply(answer_json())
    ask(request(job={"problem": "no heat"}, summary="Old.", appointment=THURSDAY_9, appointment_status="requested"))

    context = server.requests[0][2]["context"]
    assert context["job"] == {"problem": "no heat"}
    assert context["summary"] == "Old."
    assert context["appointment"]["status"] == "requested"


@pytest.mark.parametrize(
    ("hours", "monday"),
    [
        pytest.param([(0, time(8), time(18))], {"start": "08:00", "end": "18:00"}, id="one interval"),
        pytest.param(
            [(0, time(14), time(18)), (0, time(8), time(12, 30))],
            {
                "start": "08:00",
                "end": "18:00",
                "intervals": [{"start": "08:00", "end": "12:30"}, {"start": "14:00", "end": "18:00"}],
            },
            id="a break at noon",
        ),
        pytest.param([(0, time(18), time(0))], {"start": "18:00", "end": "23:59"}, id="until midnight"),
        pytest.param([], {"start": "00:00", "end": "23:59"}, id="always open"),
        pytest.param([(1, time(8), time(18))], None, id="closed"),
    ],
)
def test_business_hours_lose_no_interval(ask, server, hours, monday):
    server.reply(answer_json())
    ask(request(business=business(hours=hours)))

    assert server.requests[0][2]["business_hours"].get("monday") == monday


# --- what it answers


def test_its_answer_is_read(ask, server):
    server.reply(answer_json())
    answer = ask()

    assert answer.job_type == "plumbing_emergency"
    assert answer.urgency_level == EMERGENCY
    assert answer.emergency_detected
    assert answer.job == {"problem": "burst water heater", "floor": "1"}
    assert "emergency" in answer.message_to_customer


def test_the_visit_it_chose_is_one_of_the_free_slots(ask, server):
    server.reply(answer_json(appointment={"start": "2026-11-19T14:00:00Z", "end": "2026-11-19T15:00:00Z"}))

    assert ask().appointment == THURSDAY_9


def test_an_emergency_said_in_one_field_is_one(ask, server):
    server.reply(answer_json(urgency_level="normal", emergency_detected=True))

    assert ask().urgency_level == EMERGENCY


@pytest.mark.parametrize("field", sorted(answer_json()))
def test_no_field_may_be_missing(ask, server, field):
    server.reply(answer_json(**{field: ...}))
    error, _ = refused(ask)

    assert field in str(error)
    assert error.fault == Fault.BROKEN


@pytest.mark.parametrize(
    "wrong",
    [
        {"success": False},
        {"success": "true"},
        {"job_type": 7},
        {"job_type": "Ünknown!"},
        {"urgency_level": "critical"},
        {"urgency_level": None},
        {"emergency_detected": "yes"},
        {"confidence": "0.9"},
        {"confidence": True},
        {"confidence": 1.5},
        {"message_to_customer": ""},
        {"message_to_customer": "   "},
        {"message_to_customer": None},
        {"message_to_customer": ["a"]},
        {"message_to_customer": "x" * 1601},
        {"job": []},
        {"job": {"problem": {"a": 1}}},
        {"job": {str(number): "x" for number in range(31)}},
        {"appointment": "2026-11-19T09:00:00-05:00"},
        {"appointment": {}},
        {"appointment": {"start": "2026-11-19T09:00:00", "end": "2026-11-19T10:00:00"}},
        {"appointment": {"start": "2026-11-19T11:00:00-05:00", "end": "2026-11-19T12:00:00-05:00"}},
        {"appointment": {"start": "2026-11-19T09:00:00-05:00", "end": "2026-11-19T12:00:00-05:00"}},
        {"appointment": {"start": "tomorrow", "end": "later"}},
        {"conversation_complete": 1},
        {"outcome": "won"},
        {"summary": None},
        {"language": "fr"},
        {"needs_human": "no"},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_what_breaks_the_contract_is_no_answer(ask, server, wrong):
    server.reply(answer_json(**wrong))
    error, _ = refused(ask)

    assert next(iter(wrong)) in str(error)
    assert error.fault == Fault.BROKEN


def test_an_unsure_answer_is_none(ask, server):
    server.reply(answer_json(confidence=0.49))

    assert refused(ask)[0].fault == Fault.UNSURE


def test_half_sure_is_enough(ask, server):
    server.reply(answer_json(confidence=0.5))

    assert ask().confidence == 0.5


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b'{"success": true', b"[]", b'"x"', b"\xff\xfe\x00", b'{"confidence": NaN}', b"[" * 100_000],
    ids=lambda body: str(body[:20]),
)
def test_broken_json_is_no_answer(ask, server, body):
    server.reply(body=body)

    assert refused(ask)[0].fault == Fault.BROKEN


def test_a_packed_answer_is_not_unpacked(ask, server):
    server.reply(body=b"\x1f\x8b\x08\x00", headers={"Content-Encoding": "gzip"})

    assert refused(ask)[0].fault == Fault.BROKEN


def test_the_error_quotes_nothing_that_was_answered(ask, server):
    server.reply(answer_json(urgency_level="call +14155550123", message_to_customer="Jane lives at 5 Elm St"))

    assert "+1415" not in str(refused(ask)[0])


# --- when it is down


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


# --- the deadline


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
