"""What may happen in a story. Each rule is one step; the worker does what is due after it."""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.calls.test_order import BEHAVIOURS, possible, send
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE
from tests.machine.carrier import FATES, Text
from tests.machine.deaths import FailsAt, Killed, lost_connection
from tests.machine.webhooks import Recorder, Ring, Webhook
from tests.machine.words import WORDS, token
from tests.machine.world import CUSTOMERS, World

# Those of a business as it is usually set up, and whose end Twilio's own record cannot tell differently.
CALLS = sorted(
    name
    for name, behaviour in BEHAVIOURS.items()
    if behaviour.has_owner and not behaviour.business and name != "presses 1 as the caller hangs up"
)
WISHES = ["STOP", "please stop texting me", "START", "HELP"]
ENDS = {
    "delivered": "",
    "undelivered": "30003",
    "failed": "30003",
    "failed, a landline": "30006",
    "failed, opted out": "21610",
}
LONGEST_REST = 150

T = TypeVar("T")

customers = st.sampled_from(CUSTOMERS)
statements = st.integers(1, 40)


which = st.integers(0, 9)  # of several, the first ones again if there are fewer


def when(holds: Callable[["Story"], object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a step do nothing unless `holds`.

    A precondition would have a say in what is drawn, and what a worker has done by now depends on real time: the story
    could not be played again.
    """

    def decorate(step: Callable[..., None]) -> Callable[..., None]:
        @wraps(step)
        def run(self: "Story", **drawn: object) -> None:
            if holds(self):
                step(self, **drawn)

        return run

    return decorate


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, list[int], int]:
    """How a call goes, the order in which its webhooks come, and how many of them come late."""
    name = draw(st.sampled_from(CALLS))
    order = list(range(len(BEHAVIOURS[name].webhooks)))
    shuffled = draw(st.permutations(order)) if draw(st.booleans()) else order
    return name, shuffled, draw(st.integers(0, len(order) - 1))


class Story(RuleBasedStateMachine):
    """One business, its owner, two customers and Twilio."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.world.reset()

    def teardown(self) -> None:
        if self.world.is_sound:
            self.world.settle()

    def _done(self, *, thaws: bool = False) -> None:
        self.world.work(thaws=thaws)
        self.world.step += 1
        self.world.steps += 1

    def _number(self) -> int:
        self.world.number += 1
        return self.world.number

    # -- customers -----------------------------------------------------------------------------------------------------

    @rule(customer=customers, call=calls())
    def a_customer_calls(self, customer: str, call: tuple[str, list[int], int]) -> None:
        name, order, late = call
        behaviour, recorder = BEHAVIOURS[name], Recorder(customer)
        ring = Ring(recorder.call_sid, customer, behaviour.outcome[0], self.world.now())
        self.world.carrier.add_call(ring.call_sid, customer, ACME_NUMBER, "completed")
        for webhook in possible([behaviour.webhooks[index] for index in order], behaviour.first):
            send(recorder, webhook)
            path, fields = recorder.said.pop()
            decides = ring.outcome == "missed" and webhook[0] in {"dial", "end"}
            then = partial(self.world.missed, ring, sure=True) if decides else lambda: None
            ring.missing.append(Webhook(path, fields, then))
        self.world.rings.append(ring)
        # Twilio waits for the answer to a press, so that one does not come late.
        pressed = [index for index, webhook in enumerate(ring.missing) if webhook.path.endswith("/accept")]
        late = min(late, len(ring.missing) - 1 - max(pressed, default=-1))
        while len(ring.missing) > late:
            self.world.post(ring.missing.pop(0))
        self._done()

    @rule(index=which)
    @when(lambda self: any(ring.missing for ring in self.world.rings))
    def a_callback_comes_late(self, index: int) -> None:
        ring = one_of([ring for ring in self.world.rings if ring.missing], index)
        self.world.post(ring.missing.pop(0))
        self._done()

    @rule(customer=customers, words=st.sampled_from(sorted(WORDS)))
    def a_customer_writes(self, customer: str, words: str) -> None:
        model = self.world.customers[customer]
        self.world.text(words, customer, lambda: model.hears("words", self.world.step, WORDS[words]))
        self._done()

    @rule(customer=customers, wish=st.sampled_from(WISHES))
    def a_customer_wishes(self, customer: str, wish: str) -> None:
        self.world.text(wish, customer, lambda: self._wish(customer, wish))
        self._done()

    def _wish(self, customer: str, wish: str) -> None:
        model = self.world.customers[customer]
        if wish == "START":
            model.becomes(stopped=False)
        elif wish != "HELP":  # that is Twilio's to answer, as the confirmation of a STOP is
            if wish != "STOP" and not model.stopped and not model.landline:
                model.owes("confirmation", (self.world.now(), self.world.now()))
            model.becomes(stopped=True)
            model.hears("STOP", self.world.step)

    # -- people of the business ----------------------------------------------------------------------------------------

    def _knows(self, customer: str) -> bool:
        return not self.world.is_away and customer in self.world.handles

    @rule(customer=customers, does=st.sampled_from(["reply", "take", "release", "complete"]))
    def a_person_acts(self, customer: str, does: str) -> None:
        if not self._knows(customer):
            return
        model, before = self.world.customers[customer], self.world.now()
        path = {"take": "takeover"}.get(does, does)
        body: dict[str, Any] = {"user_id": self.world.user_id}
        number = self._number()
        if does == "reply":
            body["body"] = f"a person's words {number}"
        elif does == "complete":
            body["outcome"] = "resolved"
        answer = self.world.api.post(f"/api/conversations/{self.world.handles[customer]}/{path}", body)
        refused = (does == "reply" and not model.may_be_texted) or (
            does == "take" and self.world.holders[customer] == "over"
        )
        assert (answer.status_code >= 400) == refused, (answer.status_code, answer.content)
        assert answer.status_code < 500, answer.content
        model.person(f"reply {number}" if does == "reply" else does, (before, self.world.now()))
        self._done()

    @rule(customer=customers, does=st.sampled_from(["words", "TAKE", "AI", "DONE"]))
    def the_owner_texts(self, customer: str, does: str) -> None:
        if customer not in self.world.handles:
            return
        number = self._number()
        words = f"a person's words {number}" if does == "words" else does
        model = self.world.customers[customer]
        self.world.text(
            f"#{self.world.handles[customer]} {words}",
            OWNER_PHONE,
            lambda: model.hears(f"owner {does}", self.world.step, str(number)),
        )
        self._done()

    # -- Twilio --------------------------------------------------------------------------------------------------------

    @rule(
        index=which,
        end=st.sampled_from(sorted(ENDS)),
        how=st.sampled_from(["in order", "end first", "end only", "held"]),
    )
    @when(lambda self: self._open_texts())
    def a_text_is_reported(self, index: int, end: str, how: str) -> None:
        text = one_of(self._open_texts(), index)
        if text.to == OWNER_PHONE:
            end = "delivered"
        status = end.partition(",")[0]
        fields = {"ErrorCode": ENDS[end]} if ENDS[end] else {}
        sent = [] if text.truth == "sent" else [self.world.report(text, "sent", lambda: None)]
        last = self.world.report(text, status, partial(self._ended, text, status, ENDS[end]), **fields)
        text.truth = status
        reports = {"in order": [*sent, last], "end first": [last, *sent], "end only": [last], "held": []}[how]
        self.world.held += [] if reports else [last, *sent]
        for webhook in reports:
            self.world.post(webhook)
        self._done()

    def _open_texts(self) -> list[Text]:
        return [text for text in self.world.carrier.texts if text.truth in {"queued", "sent"}]

    def _ended(self, text: Text, status: str, code: str) -> None:
        text.status, text.error_code = status, int(code) if code else None
        model = self.world.customers.get(text.to)
        if model is None or not code:
            return
        if status == "failed":
            model.failed(token(text))
        if code == "30006":
            model.becomes(landline=True)
        elif code == "21610":
            model.becomes(stopped=True)

    @rule(index=which)
    @when(lambda self: self.world.held)
    def a_report_comes_late(self, index: int) -> None:
        webhook = one_of(self.world.held, index)
        self.world.held.remove(webhook)
        self.world.post(webhook)
        self._done()

    @rule(index=which, copies=st.integers(1, 2))
    @when(lambda self: self.world.history)
    def a_webhook_comes_again(self, index: int, copies: int) -> None:
        webhook = one_of(self.world.history[::-1], index)
        for _ in range(copies):
            self.world.post(webhook)
        self._done()

    @rule(fate=st.sampled_from(FATES))
    def the_next_text_has_a_fate(self, fate: str) -> None:
        self.world.carrier.fates.append(fate)

    # -- time, deaths, outages -----------------------------------------------------------------------------------------

    @rule(seconds=st.integers(1, 90))
    @when(lambda self: self.world.idle < LONGEST_REST)
    def time_passes(self, seconds: int) -> None:
        self.world.passes(seconds)
        self._done()

    @rule(statement=statements)
    def the_worker_will_die(self, statement: int) -> None:
        self.world.worker_fails = FailsAt(statement, Killed())

    @rule(statement=statements)
    def the_worker_will_lose_the_database(self, statement: int) -> None:
        self.world.worker_fails = FailsAt(statement, lost_connection())

    @rule()
    def the_worker_will_freeze(self) -> None:
        self.world.freezes = True

    @rule()
    @when(lambda self: self.world.frozen and not self.world.is_away)
    def the_frozen_workers_go_on(self) -> None:
        self._done(thaws=True)

    @rule(statement=statements)
    def a_web_process_will_die(self, statement: int) -> None:
        self.world.web_fails = FailsAt(statement, Killed())

    @rule(statement=statements)
    def a_web_process_will_lose_the_database(self, statement: int) -> None:
        self.world.web_fails = FailsAt(statement, lost_connection())

    @rule()
    def the_worker_rests_or_comes_back(self) -> None:
        self.world.is_resting = not self.world.is_resting
        self._done()

    @rule()
    @when(lambda self: not self.world.is_away)
    def the_database_goes_away(self) -> None:
        self.world.lose_database()

    @rule(dies_at=st.none() | statements)
    @when(lambda self: self.world.is_away)
    def the_database_comes_back(self, dies_at: int | None) -> None:
        self.world.return_database(fails=dies_at and FailsAt(dies_at, Killed()))
        self._done()


def one_of(things: Sequence[T], index: int) -> T:
    return things[index % len(things)]
