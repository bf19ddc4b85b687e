"""What Twilio posts in a busy minute. What came of it is for `tests.journeys.ledger` to say.

Stories begin at an even pace: missed calls, answered calls, texts, customers who want no texts. A request that gets no
answer is posted again, as Twilio does with `#rc=3`.
"""

import itertools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.journeys.stack import ACCOUNT, Stack

BUSINESS, OWNER = "+15005550100", "+15005550200"
PER_STORY = 3.5  # webhooks on average
TRIES = 40  # long enough for a web server that starts again
_stories = itertools.count(1)


@dataclass
class Webhook:
    """One request, when it is due after its story began, and what came back.

    Without a status nobody knows whether we have it: no try of it got an answer.
    """

    path: str
    fields: dict[str, str]
    after: float = 0.0
    status: int = 0
    text: str = ""
    seconds: float = 0.0
    unanswered: int = 0


@dataclass
class Story:
    """What one customer does; its webhooks come one after another.

    Kinds: `missed`, `answered`, `text`, and `stopped`: a missed call of somebody who wants no texts.
    """

    kind: str
    customer: str
    sid: str
    webhooks: list[Webhook] = field(default_factory=list)

    @property
    def is_unknown(self) -> bool:
        """Whether one of its webhooks never got an answer, so that nobody can tell what came of it."""
        return any(not webhook.status for webhook in self.webhooks)


class Traffic:
    """Posts stories until it is told to stop, from threads of its own."""

    def __init__(
        self, stack: Stack, *, per_second: float = 20.0, tries: int = TRIES, keeps_connections: bool = False
    ) -> None:
        self.stack = stack
        self._tries = tries
        self._keeps_connections = keeps_connections  # each thread its own, as a proxy does
        self._sessions: dict[int, requests.Session] = {}
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
        for session in self._sessions.values():
            session.close()

    @property
    def webhooks(self) -> list[Webhook]:
        return [webhook for story in self.stories for webhook in story.webhooks]

    def _run(self) -> None:
        due = time.monotonic()
        for make in itertools.cycle([missed_call, answered_call, text, missed_call, hung_up_call, stop]):
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

    def _session(self) -> requests.Session | None:
        return self._sessions.setdefault(threading.get_ident(), requests.Session()) if self._keeps_connections else None

    def _post(self, webhook: Webhook) -> None:
        for _ in range(self._tries):
            started = time.monotonic()
            try:
                answer = self.stack.post_signed(webhook.path, webhook.fields, session=self._session())
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
    _let_it_ring(story, call)
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
    return Story("text", customer, first, [_text(customer, first, "one"), _text(customer, _sid("SM"), "two", 1.0)])


def stop() -> Story:
    """A customer wants no texts, and then calls: nobody answers, and nothing may be sent."""
    story, call = _call("stopped")
    for webhook in story.webhooks:
        webhook.after = 1.0
    story.webhooks.insert(0, _text(story.customer, _sid("SM"), "STOP"))
    _let_it_ring(story, call, after=2.0)
    return story


def _let_it_ring(story: Story, call: dict[str, str], after: float = 1.0) -> None:
    dial = {**call, "CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialCallSid": _sid("CA")}
    story.webhooks += [
        Webhook(f"/webhooks/twilio/call/status/{story.sid}", {**dial, "DialBridged": "false"}, after),
        Webhook("/webhooks/twilio/call", {**call, "CallStatus": "completed"}, after + 0.5),
    ]


def _text(customer: str, sid: str, words: str, after: float = 0.0) -> Webhook:
    fields = {"AccountSid": ACCOUNT, "From": customer, "To": BUSINESS, "NumMedia": "0"}
    return Webhook("/webhooks/twilio/sms", {**fields, "MessageSid": sid, "Body": words}, after)


def _call(kind: str) -> tuple[Story, dict[str, str]]:
    customer, sid = _customer(), _sid("CA")
    call = {"CallSid": sid, "AccountSid": ACCOUNT, "From": customer, "To": BUSINESS, "Direction": "inbound"}
    return Story(kind, customer, sid, [Webhook("/webhooks/twilio/call", {**call, "CallStatus": "ringing"})]), call
