"""What Twilio knows, held against what we have: the webhooks it was answered, and the texts it accepted.

A webhook that never got an answer may have been recorded or not; of its story, only what holds either way is checked.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg

from tests.journeys.stack import Stack, wait_until
from tests.journeys.traffic import OWNER, Story, Traffic

RECEIPTS = "SELECT params ->> 'From' FROM webhooks_webhookreceipt WHERE params ->> 'From' = ANY(%s)"
EVENTS = """
    SELECT call_sid FROM calls_callevent JOIN calls_call ON call_id = calls_call.id
    WHERE kind NOT IN ('decided', 'settled') AND call_sid = ANY(%s)
"""
INBOUND = "SELECT from_number, body FROM sms_message WHERE direction = 'inbound' AND from_number = ANY(%s) ORDER BY id"
OUTBOUND = "SELECT message_sid, status FROM sms_message WHERE message_sid IS NOT NULL AND to_number = ANY(%s)"
BROKEN_HISTORY = """
    SELECT count(*) FROM (
        SELECT from_status, lag(to_status) OVER (PARTITION BY conversation_id ORDER BY id) AS before
        FROM conversations_transition
    ) AS step WHERE from_status <> before
"""
MISSING_FACTS = """
    SELECT count(*) FROM (SELECT 1 FROM outbox_fact GROUP BY aggregate HAVING max(sequence) <> count(*)) AS gap
"""


def answers(traffic: Traffic) -> dict[str, Any]:
    """Say how the webhooks were answered."""
    webhooks = traffic.webhooks
    answered = [webhook for webhook in webhooks if webhook.status]
    slowest = sorted(webhook.seconds for webhook in answered)
    rung = [webhook for webhook in answered if webhook.fields.get("CallStatus") == "ringing" and _is_first(webhook)]
    return {
        "webhooks": len(webhooks),
        "not 2xx": sum(not 200 <= webhook.status < 300 for webhook in answered),
        "unknown": len(webhooks) - len(answered),
        "calls": len(rung),
        "not forwarded": sum("<Dial" not in call.text or f"{OWNER}</Number>" not in call.text for call in rung),
        "failed at first": sum(webhook.unanswered > 0 for webhook in webhooks),
        "posted again": sum(webhook.unanswered for webhook in webhooks),
        "p50 ms": round(slowest[len(slowest) // 2] * 1000),
        "p99 ms": round(slowest[int(len(slowest) * 0.99)] * 1000),
        "max ms": round(slowest[-1] * 1000),
    }


def _is_first(webhook: Any) -> bool:
    return webhook.path == "/webhooks/twilio/call"


def unrecorded(traffic: Traffic) -> int:
    """Count the webhooks that were answered and are not in the database yet."""
    answered = Counter(story.customer for story in traffic.stories for webhook in story.webhooks if webhook.status)
    return (answered - _receipts(traffic)).total()


def untexted(traffic: Traffic) -> int:
    """Count the missed callers who got no text yet."""
    texted = {entry["to"] for entry in _accepted(traffic)}
    return sum(
        story.kind == "missed" and not story.is_unknown and story.customer not in texted for story in traffic.stories
    )


def violations(traffic: Traffic) -> dict[str, int]:
    """Count what must not be, by name."""
    rows, customers = traffic.stack.rows, _customers(traffic)
    stories = [story for story in traffic.stories if not story.is_unknown]
    calls = {story.sid: story for story in stories if story.kind != "text"}
    outcomes = dict(rows("SELECT call_sid, outcome FROM calls_call WHERE call_sid = ANY(%s)", list(calls)))
    events = Counter(sid for (sid,) in rows(EVENTS, list(calls)))
    arrived: dict[str, list[str]] = {}
    for number, body in rows(INBOUND, customers):
        arrived.setdefault(number, []).append(body)
    accepted = _accepted(traffic)
    told = Counter(entry["to"] for entry in accepted)
    posted = Counter(story.customer for story in traffic.stories for _ in story.webhooks)
    bound = Counter(sid for sid, _ in rows(OUTBOUND, customers))
    return {
        "wrong outcome": sum(outcomes.get(sid) != _outcome(story) for sid, story in calls.items()),
        "webhooks of calls lost or doubled": sum(events[sid] != _of_the_call(story) for sid, story in calls.items()),
        "texts lost, doubled or out of order": sum(arrived.get(s.customer, []) != _words(s) for s in stories),
        "missed and not texted": untexted(traffic),
        "texted twice": sum(told[story.customer] > 1 for story in traffic.stories if story.kind == "missed"),
        "answered and texted": sum(told[s.customer] > 0 for s in stories if s.kind == "answered"),
        "texted after STOP": sum(told[s.customer] > 0 for s in stories if s.kind == "stopped"),
        "texts of Twilio's bound to no row or two": sum(bound[entry["sid"]] != 1 for entry in accepted),
        "rows bound to no text of Twilio's": (bound - Counter(entry["sid"] for entry in accepted)).total(),
        "reported as delivered and not so here": _undelivered(traffic),
        "breaks in the histories of conversations": rows(BROKEN_HISTORY)[0][0],
        "gaps in the sequences of facts": rows(MISSING_FACTS)[0][0],
        "unrecorded": unrecorded(traffic),
        "recorded twice": (_receipts(traffic) - posted).total(),
    }


def check(
    traffic: Traffic,
    *,
    recorded_within: float,
    texted_within: float = 60,
    say: Any = print,
    figure: Any = lambda **_: None,
) -> dict[str, Any]:
    """Wait until all is recorded and told, then let the ledger decide. Returns how the webhooks were answered."""
    ended = time.monotonic()
    wait_until(lambda: not unrecorded(traffic), seconds=recorded_within)
    recorded = time.monotonic() - ended
    wait_until(lambda: not untexted(traffic), seconds=texted_within)
    texted = time.monotonic() - ended
    time.sleep(1)  # for a text too many
    found, answered = _settled(traffic), answers(traffic)
    say(f"{answered}, all recorded {recorded:.1f} s and texted {texted:.1f} s after the last webhook")
    say(str({what: count for what, count in found.items() if count} or "the ledger balances"))
    figure(
        events=answered["webhooks"],
        lost=found["unrecorded"] + found["missed and not texted"],
        doubled=found["texted twice"],
        not_2xx=answered["not 2xx"],
        unknown=answered["unknown"],
        failed_at_first=answered["failed at first"],
        not_forwarded=answered["not forwarded"],
        p50_ms=answered["p50 ms"],
        p99_ms=answered["p99 ms"],
        max_ms=answered["max ms"],
        recorded_after_s=round(recorded, 1),
    )
    assert found == dict.fromkeys(found, 0)
    assert (answered["not 2xx"], answered["not forwarded"]) == (0, 0)
    return answered


def _settled(traffic: Traffic) -> dict[str, int]:
    """Return what stays wrong: while we look, a text may be on its way, or the report that it arrived."""
    for _ in range(10):
        found = violations(traffic)
        if not any(found.values()):
            break
        time.sleep(1)
    return found


def counts(traffic: Traffic) -> dict[str, Callable[[], float | None]]:
    """Return what to watch while the traffic goes on: webhooks answered and recorded."""
    return {
        "answered 2xx": lambda: sum(200 <= webhook.status < 300 for webhook in traffic.webhooks),
        "recorded in PostgreSQL": lambda: _recorded(traffic),
    }


def warm_up(stack: Stack) -> None:
    """Let every web process have heard of the business."""
    with Traffic(stack) as traffic:
        time.sleep(1)
    wait_until(lambda: not unrecorded(traffic), seconds=30)


def _receipts(traffic: Traffic) -> Counter[str]:
    return Counter(number for (number,) in traffic.stack.rows(RECEIPTS, _customers(traffic)))


def _recorded(traffic: Traffic) -> float | None:
    try:
        return _receipts(traffic).total()
    except psycopg.OperationalError:
        return None


def _customers(traffic: Traffic) -> list[str]:
    return [story.customer for story in traffic.stories]


def _accepted(traffic: Traffic) -> list[dict[str, Any]]:
    """Return the texts to our customers that Twilio accepted."""
    customers = set(_customers(traffic))
    return [each for each in traffic.stack.phone.ledger() if each["kind"] == "message" and each["to"] in customers]


def _undelivered(traffic: Traffic) -> int:
    """Count the texts whose delivery was reported, and the report answered, and that we do not call delivered."""
    states = dict(traffic.stack.rows(OUTBOUND, _customers(traffic)))
    reported = {
        text["sid"]
        for text in traffic.stack.phone.messages()
        for event in text["timeline"]
        if event["kind"] == "webhook"
        and event["detail"]["params"].get("MessageStatus") == "delivered"
        and event["detail"]["status"] in {200, 204}
    }
    return sum(states.get(sid) != "delivered" for sid in reported if sid in states)


def _outcome(story: Story) -> str:
    return "missed" if story.kind == "stopped" else story.kind


def _of_the_call(story: Story) -> int:
    return sum("CallSid" in webhook.fields for webhook in story.webhooks)


def _words(story: Story) -> list[str]:
    return [webhook.fields["Body"] for webhook in story.webhooks if "Body" in webhook.fields]
