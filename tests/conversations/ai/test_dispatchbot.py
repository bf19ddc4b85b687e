"""DispatchBot on a socket: what it is asked, and what it may answer."""

from datetime import time

import pytest

from conversations.ai.protocol import EMERGENCY, Fault
from tests.conversations.ai.dispatchbot import refused
from tests.conversations.ai.people import CUSTOMER_PHONE, THURSDAY_9, THURSDAY_14, answer_json, business, line, request

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
