"""Every text leaves exactly once while Twilio misbehaves and our own processes die.

The ledger is the emulator's: what it accepted. A text is lost if it is not there, doubled if it is there twice, and
wrong if our row does not hold its SID.
"""

import os
import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from nevermisscall.lib.clock import utcnow
from tenants import quiet_hours
from tests.journeys.stack import wait_until
from tests.journeys.texts import BUSINESS, check_ledger, endure, many_missed_calls, missed_call, unsettled

POOL = "MG" + "a" * 32
SENDING = "SELECT count(*) FROM sms_message WHERE to_number = ANY(%s) AND status = 'sending'"
TOLD = "SELECT topic FROM outbox_fact WHERE data->>'service' = 'twilio' ORDER BY id"


@dataclass
class Storm:
    """What Twilio does, and within how many seconds of the last call each text must be settled all the same."""

    rows: tuple[str, ...]
    texts: int
    within: float
    rules: list[dict[str, Any]]
    others: dict[str, Any] = field(default_factory=dict)
    each_within: float = 200


WITHOUT_CALLBACKS = Storm(
    ("F13",),
    100,
    200,
    [
        {"kind": "reset", "probability": 0.07, "seed": 5},
        {"kind": "error", "status": 502, "accepted": True, "probability": 0.07, "seed": 6},
        {"kind": "timeout", "seconds": 20, "probability": 0.04, "seed": 10},
        {"kind": "timeout", "probability": 0.04, "seed": 11},
    ],
    {"callbacks": "off", "list_lag_seconds": 20},
)
STORMS = {
    "429 for 30 %": Storm(
        ("F12",), 500, 60, [{"kind": "error", "status": 429, "code": 20429, "probability": 0.3, "seed": 1}]
    ),
    # What was not accepted is sent again after two clean looks, three minutes on.
    "5xx for 20 %, half of them accepted": Storm(
        ("F12",),
        200,
        260,
        [
            {"kind": "error", "status": 500, "accepted": True, "probability": 0.1, "seed": 12},
            {"kind": "error", "status": 503, "probability": 0.2, "seed": 13, "times": 20},
        ],
    ),
    "20 % accepted, answer lost, callbacks on": Storm(
        ("F13",),
        500,
        150,  # forty requests that hang for twelve seconds, six at once
        [
            {"kind": "reset", "probability": 0.07, "seed": 2},
            {"kind": "error", "status": 502, "accepted": True, "probability": 0.07, "seed": 3},
            {"kind": "timeout", "seconds": 20, "probability": 0.04, "seed": 14},
            {"kind": "timeout", "probability": 0.04, "seed": 4},
        ],
        each_within=30,
    ),
    "20 % accepted, answer lost, callbacks off, list 20 s late": WITHOUT_CALLBACKS,
    "20 % lost, half of the looks fail": Storm(
        ("F13",),
        100,
        200,
        [
            {"kind": "reset", "probability": 0.2, "seed": 7},
            {"kind": "error", "status": 500, "on": "messages.list", "probability": 0.5, "seed": 8},
        ],
        {"callbacks": "off"},
    ),
    "callback before the response": Storm(("F13",), 100, 30, [], {"callbacks": "before_response"}),
    "5 % reset before Twilio has it": Storm(
        ("F13",), 500, 400, [{"kind": "refuse", "probability": 0.05, "seed": 9}], {"list_lag_seconds": 5}
    ),
}


def standing(stack) -> str:
    """Return what /health says of Twilio."""
    with requests.Session() as session:
        session.trust_env = False
        time.sleep(1.1)  # an answer is kept for a second
        check = session.get(f"{stack.url}/health", timeout=10).json()["checks"]["twilio"]
    return check.get("detail", check["status"])


def somewhere_by_day() -> str:
    """Return the start of numbers, seven digits short, of people who may get a bulk text at this hour."""
    now = utcnow()
    for start in ("+1917", "+1808", "+44770", "+6141", "+81901"):
        zones = quiet_hours.zones_of(f"{start}{2_000_000}")
        if quiet_hours.next_opening(zones, now) <= now:
            return start
    raise AssertionError("it is night everywhere")


@pytest.mark.parametrize(
    "storm", [pytest.param(each, id=name, marks=pytest.mark.fault(*each.rows)) for name, each in STORMS.items()]
)
def test_storms_at_twilio(stack, phone, say, figure, storm):
    phone.set_faults(*storm.rules, **storm.others)

    endure(stack, figure, texts=storm.texts, within=storm.within, each_within=storm.each_within, say=say)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("keeps_sender", [True, False], ids=["from our number", "from a number that Twilio chose"])
def test_a_storm_while_texts_go_through_a_pool(stack, phone, say, figure, keeps_sender):
    """20 % accepted without an answer, callbacks off: each is found by service, words and time."""
    for number in ("+15005550190", BUSINESS):
        phone.add_number(number, messaging_service_sid=POOL)
    phone.configure(pool_keeps_sender=keeps_sender)
    stack.rows("UPDATE tenants_phonenumber SET messaging_service_sid = %s RETURNING 1", POOL)
    phone.set_faults(*WITHOUT_CALLBACKS.rules, **WITHOUT_CALLBACKS.others)
    try:
        endure(stack, figure, texts=100, within=WITHOUT_CALLBACKS.within, say=say)
    finally:
        stack.rows("UPDATE tenants_phonenumber SET messaging_service_sid = '' RETURNING 1")
        phone.configure(pool_keeps_sender=True)


@pytest.mark.fault("F12")
def test_twilio_refuses_our_credentials_for_a_while(stack, phone, say, figure):
    """401 to everything: one text in a minute asks, the others wait; when the token is right again all leave once."""
    phone.set_faults({"kind": "error", "status": 401, "code": 20003})
    customers = many_missed_calls(stack, 500)
    made = "SELECT count(*) FROM sms_message WHERE to_number = ANY(%s) AND status = 'queued'"
    wait_until(lambda: stack.rows(made, customers)[0][0] == len(customers), seconds=60)
    asked = "SELECT count(*) FROM sms_sendattempt a JOIN sms_message m ON m.id = message_id WHERE to_number = ANY(%s)"
    refused = stack.rows(asked, customers)[0][0]
    told = stack.rows(TOLD)
    health = standing(stack)
    phone.clear_faults()
    mended = time.monotonic()
    wait_until(lambda: not unsettled(stack, customers), seconds=180)
    seconds = time.monotonic() - mended
    found = check_ledger(stack, customers)
    say(f"{found}, {refused} requests refused, {health}; settled {seconds:.0f} s after the token was right")
    figure(events=500, lost=found["lost"], doubled=found["doubled"], refused=refused, settled_after_s=round(seconds))

    assert (found["lost"], found["doubled"], found["wrong SID"]) == (0, 0, 0)
    assert refused <= 30
    assert told == [("service.degraded",)]
    assert "credentials are refused" in health
    assert stack.rows(TOLD) == [("service.degraded",), ("service.recovered",)]
    assert standing(stack) == "ok"


def test_a_large_batch_does_not_delay_missed_calls(stack, phone, say):
    """10 000 bulk texts at 20 a second beside a missed call a second."""
    stack.rows("UPDATE tenants_phonenumber SET texts_per_second = 20 RETURNING 1")
    # What the storms before have sent keeps the number busy for many minutes, at one a second.
    stack.rows("DELETE FROM sms_senderpace RETURNING 1")
    stack.manage(
        "shell",
        "-c",
        "from sms.bulk.services import create_batch; from tenants.models import PhoneNumber; "
        f"n = PhoneNumber.objects.select_related('tenant').get(number='{BUSINESS}'); "
        "create_batch(number=n, body='News', purpose='bulk', "
        f"rows=({{'to': f'{somewhere_by_day()}{{2000000 + i}}'}} for i in range(10_000)))",
    )
    latencies: list[float] = []

    def call_and_wait() -> None:
        started = time.monotonic()
        customer = missed_call(stack)
        query = "SELECT 1 FROM sms_message WHERE to_number = %s AND message_sid IS NOT NULL"
        wait_until(lambda: stack.rows(query, customer), seconds=30)
        latencies.append(time.monotonic() - started)

    threads = []
    for _ in range(60):
        threads.append(threading.Thread(target=call_and_wait))
        threads[-1].start()
        time.sleep(1)
    for thread in threads:
        thread.join()
    sent = stack.rows("SELECT count(*) FROM sms_message WHERE purpose = 'bulk' AND message_sid IS NOT NULL")[0][0]
    stack.rows("UPDATE bulk_batch SET status = 'canceled', next_release_at = NULL RETURNING 1")
    p95 = statistics.quantiles(latencies, n=20)[-1]
    say(f"{sent} bulk texts in 60 s; text-back p50 {statistics.median(latencies):.2f} s, p95 {p95:.2f} s")

    assert sent > 900
    assert p95 <= 3.0


@pytest.mark.fault("F6")
def test_redis_is_killed_between_the_dial_result_and_the_text(stack, phone, say, figure):
    delays = []
    for _ in range(5):
        redis = stack.redis.redis.process
        os.kill(redis.pid, 9)
        started = time.monotonic()
        customer = missed_call(stack)
        wait_until(lambda customer=customer: not unsettled(stack, [customer]), seconds=10)
        delays.append(time.monotonic() - started)
        stack.redis.revive()
    say(f"text accepted {max(delays):.2f} s after the call at worst")
    figure(events=5, text_late_at_most_s=round(max(delays), 2))

    assert max(delays) < 3
