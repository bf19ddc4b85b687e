"""What Twilio posts in a busy minute, and the ledger: what it was answered, held against what we have afterwards.

Stories begin at an even pace: missed calls, answered calls, texts. A request that gets no answer is posted again, as
Twilio does with `#rc=3`.
"""

import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
import requests

from tests.journeys.stack import ACCOUNT, Stack, wait_until

BUSINESS, OWNER = "+15005550100", "+15005550200"
PER_STORY = 3.7  # webhooks on average
_stories = itertools.count(1)


@dataclass
class Webhook:
    """One request, when it is due after its story began, and what came back."""

    path: str
    fields: dict[str, str]
    after: float = 0.0
    status: int = 0
    text: str = ""
    seconds: float = 0.0
    unanswered: int = 0


@dataclass
class Story:
    """What one customer does; its webhooks come one after another."""

    kind: str
    customer: str
    sid: str
    webhooks: list[Webhook] = field(default_factory=list)


class Traffic:
    """Posts stories until it is told to stop, from threads of its own."""

    def __init__(self, stack: Stack, *, per_second: float = 20.0) -> None:
        self.stack = stack
        self.stories: list[Story] = []
        self._every = PER_STORY / per_second
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(64)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()
        self._pool.shutdown(wait=True)

    @property
    def webhooks(self) -> list[Webhook]:
        return [webhook for story in self.stories for webhook in story.webhooks]

    def _run(self) -> None:
        due = time.monotonic()
        for make in itertools.cycle([missed_call, answered_call, text, missed_call, hung_up_call]):
            due += self._every
            if self._stop.wait(max(0.0, due - time.monotonic())):
                return
            story = make()
            self.stories.append(story)
            self._pool.submit(self._tell, story)

    def _tell(self, story: Story) -> None:
        began = time.monotonic()
        for webhook in story.webhooks:
            time.sleep(max(0.0, began + webhook.after - time.monotonic()))
            self._post(webhook)

    def _post(self, webhook: Webhook) -> None:
        for _ in range(40):
            started = time.monotonic()
            try:
                answer = self.stack.post_signed(webhook.path, webhook.fields)
            except requests.RequestException:
                webhook.unanswered += 1
                time.sleep(0.25)
                continue
            webhook.status, webhook.text = answer.status_code, answer.text
            webhook.seconds = time.monotonic() - started
            return


def _customer() -> str:
    n = next(_stories)
    return f"+1{212 + n // 10_000_000}{2_000_000 + n}"


def _sid(prefix: str) -> str:
    return prefix + os.urandom(16).hex()


def missed_call() -> Story:
    """Nobody answers."""
    story, call = _call("missed")
    dial = {**call, "CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialCallSid": _sid("CA")}
    story.webhooks += [
        Webhook(f"/webhooks/twilio/call/status/{story.sid}", {**dial, "DialBridged": "false"}, 1.0),
        Webhook("/webhooks/twilio/call", {**call, "CallStatus": "completed"}, 1.5),
    ]
    return story


def hung_up_call() -> Story:
    """The caller gives up while it rings."""
    story, call = _call("missed")
    leg = {**call, "CallSid": _sid("CA"), "ParentCallSid": story.sid, "Direction": "outbound-dial"}
    story.webhooks += [
        Webhook("/api/webhooks/status", {**leg, "CallStatus": "ringing", "SequenceNumber": "1"}, 0.3),
        Webhook("/api/webhooks/status", {**leg, "CallStatus": "canceled", "SequenceNumber": "2"}, 1.0),
        Webhook("/webhooks/twilio/call", {**call, "CallStatus": "completed"}, 1.1),
    ]
    return story


def answered_call() -> Story:
    """The owner presses 1, and they talk."""
    story, call = _call("answered")
    leg_sid = _sid("CA")
    leg = {**call, "CallSid": leg_sid, "ParentCallSid": story.sid, "CallStatus": "in-progress"}
    dial = {**call, "CallStatus": "in-progress", "DialCallStatus": "completed", "DialCallSid": leg_sid}
    story.webhooks += [
        Webhook(f"/webhooks/twilio/call/screen/{story.sid}", leg, 0.5),
        Webhook(f"/webhooks/twilio/call/screen/{story.sid}/accept", {**leg, "Digits": "1"}, 1.0),
        Webhook(f"/webhooks/twilio/call/status/{story.sid}", {**dial, "DialBridged": "true"}, 2.5),
        Webhook("/webhooks/twilio/call", {**call, "CallStatus": "completed"}, 2.6),
    ]
    return story


def text() -> Story:
    """A customer texts twice."""
    customer, first = _customer(), _sid("SM")
    fields = {"AccountSid": ACCOUNT, "From": customer, "To": BUSINESS, "NumMedia": "0"}
    return Story(
        "text",
        customer,
        first,
        [
            Webhook("/webhooks/twilio/sms", {**fields, "MessageSid": first, "Body": "one"}),
            Webhook("/webhooks/twilio/sms", {**fields, "MessageSid": _sid("SM"), "Body": "two"}, 1.0),
        ],
    )


def _call(kind: str) -> tuple[Story, dict[str, str]]:
    customer, sid = _customer(), _sid("CA")
    call = {"CallSid": sid, "AccountSid": ACCOUNT, "From": customer, "To": BUSINESS, "Direction": "inbound"}
    return Story(kind, customer, sid, [Webhook("/webhooks/twilio/call", {**call, "CallStatus": "ringing"})]), call


# -- the ledger -------------------------------------------------------------------------------------------------------


def answers(traffic: Traffic) -> dict[str, Any]:
    """Say how the webhooks were answered."""
    webhooks = traffic.webhooks
    slowest = sorted(webhook.seconds for webhook in webhooks)
    rung = [story.webhooks[0] for story in traffic.stories if story.kind != "text"]
    return {
        "webhooks": len(webhooks),
        "not 2xx": sum(not 200 <= webhook.status < 300 for webhook in webhooks),
        "calls": len(rung),
        "not forwarded": sum("<Dial" not in call.text or f"{OWNER}</Number>" not in call.text for call in rung),
        "posted again": sum(webhook.unanswered for webhook in webhooks),
        "p50 ms": round(slowest[len(slowest) // 2] * 1000),
        "p99 ms": round(slowest[int(len(slowest) * 0.99)] * 1000),
        "max ms": round(slowest[-1] * 1000),
    }


def unrecorded(traffic: Traffic) -> int:
    """Count the webhooks that are not in the database yet."""
    customers = [story.customer for story in traffic.stories]
    query = "SELECT count(*) FROM webhooks_webhookreceipt WHERE params ->> 'From' = ANY(%s)"
    return len(traffic.webhooks) - int(traffic.stack.rows(query, customers)[0][0])


def untexted(traffic: Traffic) -> int:
    """Count the missed callers who got no text yet."""
    texted = {each["to"] for each in traffic.stack.phone.messages()}
    return sum(story.kind == "missed" and story.customer not in texted for story in traffic.stories)


def ledger(traffic: Traffic) -> dict[str, int]:
    """Hold every webhook against the rows, and every missed call against what Twilio accepted."""
    rows = traffic.stack.rows
    calls = {story.sid: story for story in traffic.stories if story.kind != "text"}
    outcomes = dict(rows("SELECT call_sid, outcome FROM calls_call WHERE call_sid = ANY(%s)", list(calls)))
    events = Counter(
        sid
        for (sid,) in rows(
            "SELECT call_sid FROM calls_callevent JOIN calls_call ON call_id = calls_call.id "
            "WHERE kind NOT IN ('decided', 'settled') AND call_sid = ANY(%s)",
            list(calls),
        )
    )
    texts = [story for story in traffic.stories if story.kind == "text"]
    arrived: dict[str, list[str]] = {}
    for number, body in rows(
        "SELECT from_number, body FROM sms_message WHERE direction = 'inbound' ORDER BY created_at"
    ):
        arrived.setdefault(number, []).append(body)
    told = Counter(each["to"] for each in traffic.stack.phone.messages())
    return {
        "wrong outcome": sum(outcomes.get(sid) != story.kind for sid, story in calls.items()),
        "webhooks of calls lost or doubled": sum(events[sid] != len(story.webhooks) for sid, story in calls.items()),
        "texts lost, doubled or out of order": sum(arrived.get(each.customer) != ["one", "two"] for each in texts),
        "missed and not texted": untexted(traffic),
        "texted twice": sum(told[story.customer] > 1 for story in calls.values()),
        "answered and texted": sum(told[s.customer] > 0 for s in calls.values() if s.kind == "answered"),
        "unrecorded": unrecorded(traffic),
    }


def check(
    traffic: Traffic, *, recorded_within: float, say: Any = print, figure: Any = lambda **_: None
) -> dict[str, Any]:
    """Wait until all is recorded and told, then let the ledger decide. Returns how the webhooks were answered."""
    ended = time.monotonic()
    wait_until(lambda: unrecorded(traffic) <= 0, seconds=recorded_within)
    recorded = time.monotonic() - ended
    wait_until(lambda: not untexted(traffic), seconds=60)
    time.sleep(1)  # for a text too many
    found, answered = ledger(traffic), answers(traffic)
    say(f"{answered}, all recorded {recorded:.1f} s and texted {time.monotonic() - ended:.1f} s after the last webhook")
    say(str({what: count for what, count in found.items() if count} or "the ledger balances"))
    figure(
        events=answered["webhooks"],
        lost=found["unrecorded"] + found["missed and not texted"],
        doubled=found["texted twice"],
        not_2xx=answered["not 2xx"],
        not_forwarded=answered["not forwarded"],
        p50_ms=answered["p50 ms"],
        p99_ms=answered["p99 ms"],
        max_ms=answered["max ms"],
        recorded_after_s=round(recorded, 1),
    )
    assert found == dict.fromkeys(found, 0)
    assert (answered["not 2xx"], answered["not forwarded"]) == (0, 0)
    return answered


def counts(traffic: Traffic) -> dict[str, Callable[[], float | None]]:
    """Return what to watch while the traffic goes on: webhooks answered and recorded."""
    return {
        "answered 2xx": lambda: sum(200 <= webhook.status < 300 for webhook in traffic.webhooks),
        "recorded in PostgreSQL": lambda: _recorded(traffic),
    }


def _recorded(traffic: Traffic) -> float | None:
    try:
        return len(traffic.webhooks) - unrecorded(traffic)
    except psycopg.OperationalError:
        return None


def warm_up(stack: Stack) -> None:
    """Let every web process have heard of the business."""
    with Traffic(stack) as traffic:
        time.sleep(1)
    wait_until(lambda: not unrecorded(traffic), seconds=10)
