"""Every text leaves exactly once while Twilio misbehaves and our own processes die.

The ledger is the emulator's: what it accepted. A text is lost if it is not there, doubled if it is there twice, and
wrong if our row does not hold its SID.
"""

import itertools
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from nevermisscall.lib.clock import utcnow
from tenants import quiet_hours
from tests.journeys.stack import ACCOUNT, wait_until

BUSINESS = "+15005550100"
POOL = "MG" + "a" * 32
SENDING = "SELECT count(*) FROM sms_message WHERE to_number = ANY(%s) AND status = 'sending'"
_customers = itertools.count(1)

STORMS = {
    "429 for 30 %": ([{"kind": "error", "status": 429, "code": 20429, "probability": 0.3, "seed": 1}], {}),
    "20 % accepted, answer lost, callbacks on": (
        [
            {"kind": "reset", "probability": 0.08, "seed": 2},
            {"kind": "error", "status": 502, "accepted": True, "probability": 0.08, "seed": 3},
            {"kind": "timeout", "probability": 0.05, "seed": 4},
        ],
        {},
    ),
    "20 % accepted, answer lost, callbacks off, list 20 s late": (
        [
            {"kind": "reset", "probability": 0.1, "seed": 5},
            {"kind": "error", "status": 502, "accepted": True, "probability": 0.1, "seed": 6},
        ],
        {"callbacks": "off", "list_lag_seconds": 20},
    ),
    "20 % lost, half of the looks fail": (
        [
            {"kind": "reset", "probability": 0.2, "seed": 7},
            {"kind": "error", "status": 500, "on": "messages.list", "probability": 0.5, "seed": 8},
        ],
        {"callbacks": "off"},
    ),
    "callback before the response": ([], {"callbacks": "before_response"}),
    "5 % reset before Twilio has it": ([{"kind": "refuse", "probability": 0.05, "seed": 9}], {"list_lag_seconds": 5}),
}


def missed_call(stack) -> str:
    """Post the two webhooks of a missed call of a new customer; return their number."""
    n = next(_customers)
    customer = f"+1{646 + n // 10_000_000}{2_000_000 + n}"
    sid, leg = "CA" + os.urandom(16).hex(), "CA" + os.urandom(16).hex()
    call = {"CallSid": sid, "AccountSid": ACCOUNT, "From": customer, "To": BUSINESS}
    assert stack.post_signed("/webhooks/twilio/call", {**call, "CallStatus": "ringing"}).status_code == 200
    dial = {**call, "CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialCallSid": leg}
    assert stack.post_signed(f"/webhooks/twilio/call/status/{sid}", dial).status_code == 200
    return customer


def somewhere_by_day() -> str:
    """Return the start of numbers, seven digits short, of people who may get a bulk text at this hour."""
    now = utcnow()
    for start in ("+1917", "+1808", "+44770", "+6141", "+81901"):
        zones = quiet_hours.zones_of(f"{start}{2_000_000}")
        if quiet_hours.next_opening(zones, now) <= now:
            return start
    raise AssertionError("it is night everywhere")


def many_missed_calls(stack, count: int) -> list[str]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: missed_call(stack), range(count)))


def unsettled(stack, customers: list[str]) -> int:
    query = "SELECT count(*) FROM sms_message WHERE to_number = ANY(%s) AND message_sid IS NOT NULL"
    return len(customers) - stack.rows(query, customers)[0][0]


def check_ledger(stack, customers: list[str]) -> dict[str, int]:
    """Compare what Twilio accepted with our rows."""
    accepted: dict[str, list[str]] = {}
    for text in stack.phone.messages():
        accepted.setdefault(text["to"], []).append(text["sid"])
    ours = dict(stack.rows("SELECT to_number, message_sid FROM sms_message WHERE to_number = ANY(%s)", customers))
    return {
        "texts": len(customers),
        "lost": sum(not accepted.get(customer) for customer in customers),
        "doubled": sum(len(accepted.get(customer, ())) > 1 for customer in customers),
        "wrong SID": sum(accepted.get(customer) != [ours.get(customer)] for customer in customers),
    }


@pytest.mark.fault("F12", "F13")
@pytest.mark.parametrize(("rules", "others"), STORMS.values(), ids=STORMS)
def test_storms_at_twilio(stack, phone, say, figure, rules, others):
    phone.set_faults(*rules, **others)
    endure(stack, say, figure, texts=500 if rules and not others else 100)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("keeps_sender", [True, False], ids=["from our number", "from a number that Twilio chose"])
def test_a_storm_while_texts_go_through_a_pool(stack, phone, say, figure, keeps_sender):
    """20 % accepted without an answer, callbacks off: each is found by service, words and time."""
    rules, others = STORMS["20 % accepted, answer lost, callbacks off, list 20 s late"]
    for number in ("+15005550190", BUSINESS):
        phone.add_number(number, messaging_service_sid=POOL)
    phone.configure(pool_keeps_sender=keeps_sender)
    stack.rows("UPDATE tenants_phonenumber SET messaging_service_sid = %s RETURNING 1", POOL)
    phone.set_faults(*rules, **others)
    try:
        endure(stack, say, figure, texts=100)
    finally:
        stack.rows("UPDATE tenants_phonenumber SET messaging_service_sid = '' RETURNING 1")
        phone.configure(pool_keeps_sender=True)


def endure(stack, say, figure, *, texts: int) -> None:
    """Let so many calls be missed, and check that each got its text."""
    started = time.monotonic()
    customers = many_missed_calls(stack, texts)
    wait_until(lambda: not unsettled(stack, customers), seconds=400)
    seconds = time.monotonic() - started
    found = check_ledger(stack, customers)
    say(f"{found}, settled in {seconds:.0f} s")
    figure(
        events=texts, lost=found["lost"], doubled=found["doubled"], wrong_sid=found["wrong SID"], seconds=round(seconds)
    )

    assert (found["lost"], found["doubled"], found["wrong SID"]) == (0, 0, 0)


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
