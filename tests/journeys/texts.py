"""Many missed calls at once, and the ledger of their texts: what Twilio accepted.

A text is lost if it is not there, doubled if it is there twice, and wrong if our row does not hold its SID.
"""

import itertools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from tests.journeys.stack import ACCOUNT, wait_until

BUSINESS = "+15005550100"
STATES = """
    SELECT CASE WHEN message_sid IS NULL THEN status ELSE '' END, count(*), max(attempts), max(last_error)
    FROM sms_message WHERE to_number = ANY(%s) GROUP BY 1
"""
SETTLED = """
    SELECT coalesce(max(extract(epoch FROM m.sent_at - a.latest)), 0) FROM sms_message m,
    LATERAL (SELECT max(started_at) AS latest FROM sms_sendattempt WHERE message_id = m.id) a
    WHERE m.to_number = ANY(%s)
"""
_customers = itertools.count(1)


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


def many_missed_calls(stack, count: int) -> list[str]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: missed_call(stack), range(count)))


def unsettled(stack, customers: list[str]) -> int:
    """Count those whose text has no SID yet."""
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


def endure(stack, figure, *, texts: int, within: float, each_within: float = 200, say=print) -> None:
    """Let so many calls be missed, and check that each got its text once, `within` seconds of the last call.

    `each_within` is how long one may take from its request until its row has the SID.
    """
    started = time.monotonic()
    customers = many_missed_calls(stack, texts)
    called = time.monotonic()
    with suppress(AssertionError):  # what is asserted below says more
        wait_until(lambda: not unsettled(stack, customers), seconds=max(within * 2, 60))
    settled = time.monotonic()
    states = stack.rows(STATES, customers)
    [(slowest,)] = stack.rows(SETTLED, customers)
    found = check_ledger(stack, customers)
    say(f"{found}, settled in {settled - started:.0f} s, {settled - called:.0f} s after the last call")
    figure(
        events=texts,
        lost=found["lost"],
        doubled=found["doubled"],
        wrong_sid=found["wrong SID"],
        seconds=round(settled - started),
        after_the_last_call_s=round(settled - called),
        slowest_request_s=round(float(slowest), 1),
    )

    assert [state for state in states if state[0]] == [], "these texts have no SID"
    assert (found["lost"], found["doubled"], found["wrong SID"]) == (0, 0, 0)
    assert settled - called <= within
    assert slowest <= each_within
