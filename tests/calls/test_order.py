"""Callbacks arrive in any order, some twice: what became of the call is the same.

Only what a person must have done first stays first: the press comes before what it caused (Twilio waits for our answer
to it), a machine's verdict before the dial result that it explains, and a call that is not forwarded begins with its
arrival. Twilio's own callbacks are free.
"""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.models import Call
from nevermisscall.outbox.models import Fact
from tenants import routing
from tenants.models import OwnerNumber
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone

pytestmark = pytest.mark.django_db

Webhook = tuple[str, dict[str, str]]  # method of TwilioPhone, fields

INCOMING: Webhook = ("incoming", {})
INITIATED: Webhook = ("leg", {"CallStatus": "initiated", "SequenceNumber": "0"})
RINGING: Webhook = ("leg", {"CallStatus": "ringing", "SequenceNumber": "1"})
PICKED_UP: Webhook = ("leg", {"CallStatus": "in-progress", "SequenceNumber": "2"})
WHISPER: Webhook = ("whisper", {})
PRESS_1: Webhook = ("press", {"Digits": "1"})
PRESS_2: Webhook = ("press", {"Digits": "2"})


def leg_ends(status: str, seconds: str = "0") -> Webhook:
    return "leg", {"CallStatus": status, "SequenceNumber": "3", "CallDuration": seconds}


def dialed(status: str, *, call_status: str = "in-progress", **fields: str) -> Webhook:
    return "dial", {"DialCallStatus": status, "CallStatus": call_status, **fields}


def end(seconds: str, status: str = "completed") -> Webhook:
    return "end", {"CallStatus": status, "CallDuration": seconds}


BRIDGED = {"DialBridged": "true", "DialCallDuration": "42"}
UNBRIDGED = {"DialBridged": "false", "DialCallDuration": "9"}


@dataclass(frozen=True)
class Behaviour:
    """What the owner (or the caller) does, as Twilio reports it, in its usual order."""

    webhooks: list[Webhook]
    outcome: tuple[str, str]
    business: dict[str, str] = field(default_factory=dict)
    first: tuple[str, ...] = ("press", "verdict")  # before every dial result, leg's end and end
    has_owner: bool = True


ANSWERS = [INCOMING, INITIATED, RINGING, PICKED_UP, WHISPER, PRESS_1, leg_ends("completed", "42")]
VOICEMAIL = [INCOMING, INITIATED, RINGING, PICKED_UP, WHISPER, leg_ends("completed", "9")]
UNSCREENED = [INCOMING, INITIATED, RINGING, PICKED_UP, leg_ends("completed", "42")]

BEHAVIOURS = {
    "presses 1 and talks": Behaviour([*ANSWERS, dialed("completed", **BRIDGED), end("50")], ("answered", "")),
    "talks until the caller hangs up": Behaviour(
        [*ANSWERS, dialed("completed", call_status="completed", **BRIDGED), end("50")], ("answered", "")
    ),
    "presses 1 as the caller hangs up": Behaviour(
        [*ANSWERS, dialed("completed", call_status="completed", **UNBRIDGED), end("12")], ("missed", "not_accepted")
    ),
    "presses 2": Behaviour(
        [*VOICEMAIL[:-1], PRESS_2, VOICEMAIL[-1], dialed("completed", **UNBRIDGED), end("20")],
        ("missed", "not_accepted"),
    ),
    "has voicemail": Behaviour([*VOICEMAIL, dialed("completed", **UNBRIDGED), end("20")], ("missed", "not_accepted")),
    "does not answer": Behaviour(
        [INCOMING, INITIATED, RINGING, leg_ends("no-answer"), dialed("no-answer", DialBridged="false"), end("25")],
        ("missed", "no_answer"),
    ),
    "is busy": Behaviour([INCOMING, INITIATED, leg_ends("busy"), dialed("busy"), end("4")], ("missed", "busy")),
    "has a wrong number": Behaviour(
        [INCOMING, INITIATED, leg_ends("failed"), dialed("failed"), end("3")], ("missed", "failed")
    ),
    "is rung until the caller hangs up": Behaviour(
        [INCOMING, INITIATED, RINGING, leg_ends("canceled"), dialed("canceled", call_status="completed"), end("7")],
        ("missed", "abandoned"),
    ),
    "is rung until the caller hangs up, and no dial result comes": Behaviour(
        [INCOMING, INITIATED, RINGING, leg_ends("no-answer"), end("7", "no-answer")], ("missed", "abandoned")
    ),
    "picks up, without screening": Behaviour(
        [*UNSCREENED, dialed("completed", **BRIDGED), end("50")], ("answered", ""), {"answer_screening": "off"}
    ),
    "does not answer, without screening": Behaviour(
        [INCOMING, INITIATED, RINGING, leg_ends("no-answer"), dialed("no-answer"), end("25")],
        ("missed", "no_answer"),
        {"answer_screening": "off"},
    ),
    "is found to be a person": Behaviour(
        [*UNSCREENED, ("verdict", {"AnsweredBy": "human"}), dialed("completed", **BRIDGED), end("50")],
        ("answered", ""),
        {"answer_screening": "amd"},
    ),
    "is found to be a machine": Behaviour(
        [*UNSCREENED, ("verdict", {"AnsweredBy": "machine_start"}), dialed("completed", **BRIDGED), end("50")],
        ("missed", "not_accepted"),
        {"answer_screening": "amd"},
    ),
    "cannot be rung": Behaviour([INCOMING, end("6")], ("missed", "no_forwarding"), has_owner=False),
    "was suspended": Behaviour([INCOMING, end("6")], ("refused", ""), {"status": "suspended"}, first=("incoming",)),
}


def send(phone: TwilioPhone, webhook: Webhook) -> None:
    kind, fields = webhook
    answer = {
        "incoming": lambda: phone.incoming_call(**fields),
        "leg": lambda: phone.post("/api/webhooks/status", phone.leg_fields() | fields),
        "whisper": lambda: phone.screen(**fields),
        "press": lambda: phone.post(
            f"/webhooks/twilio/call/screen/{phone.call_sid}/accept", phone.leg_fields() | fields
        ),
        "verdict": lambda: phone.post(
            f"/api/webhooks/status?call={phone.call_sid}",
            {"AccountSid": ACCOUNT, "CallSid": phone.leg_sid, "MachineDetectionDuration": "2000", **fields},
        ),
        "dial": lambda: phone.post(
            f"/webhooks/twilio/call/status/{phone.call_sid}",
            phone.call_fields(DialCallSid=phone.leg_sid) | fields,
        ),
        "end": lambda: phone.post("/webhooks/twilio/call", phone.call_fields() | fields),
    }[kind]()
    assert answer.status_code in {200, 204}


def play(client, webhooks: list[Webhook]) -> dict[str, object]:
    """Return what became of the call, and forget that it happened."""
    with transaction.atomic():
        phone = TwilioPhone(client)
        for webhook in webhooks:
            send(phone, webhook)
        call = Call.objects.get()
        facts = Fact.objects.order_by("sequence")
        result = {
            "outcome": (call.outcome, call.missed_reason),
            "call": (
                call.status,
                call.duration,
                call.from_number,
                call.tenant_id,
                call.screening,
                call.dial_call_status,
            ),
            "times": (call.answered_at is None, call.ended_at is None, call.settle_at is None),
            "facts": Counter(fact.topic for fact in facts),
            "sequence": [fact.sequence for fact in facts] == list(range(1, len(facts) + 1)),
            "events": Counter(event.kind for event in call.events.all()),
        }
        transaction.set_rollback(True)
    return result


def is_effect(webhook: Webhook) -> bool:
    kind, fields = webhook
    return kind in {"dial", "end"} or (kind == "leg" and fields["SequenceNumber"] == "3")


def possible(order: list[Webhook], first: tuple[str, ...]) -> list[Webhook]:
    """Return `order` with those that must come first moved right before the first of their effects."""
    causes = [webhook for webhook in order if webhook[0] in first]
    place = next(index for index, webhook in enumerate(order) if is_effect(webhook))
    early = order[:place] + [webhook for webhook in causes if order.index(webhook) > place]
    return early + [webhook for webhook in order[place:] if webhook not in causes]


@st.composite
def disorders(draw: st.DrawFn) -> tuple[str, list[Webhook]]:
    """A behaviour and an order of its webhooks, up to three of them repeated later."""
    name = draw(st.sampled_from(sorted(BEHAVIOURS)))
    behaviour = BEHAVIOURS[name]
    order = possible(draw(st.permutations(behaviour.webhooks)), behaviour.first)
    for _ in range(draw(st.integers(0, 3))):
        original = draw(st.integers(0, len(order) - 1))
        order.insert(draw(st.integers(original + 1, len(order))), order[original])
    return name, order


@pytest.fixture
def business(acme):
    def become(behaviour: Behaviour) -> None:
        for name, value in ({"answer_screening": "press_1", "status": "active"} | behaviour.business).items():
            setattr(acme, name, value)
        acme.save()
        OwnerNumber.objects.filter(tenant=acme).update(is_active=behaviour.has_owner)
        routing.table.forget()

    return become


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_in_order_each_behaviour_has_its_outcome(business, client, name):
    business(BEHAVIOURS[name])
    result = play(client, BEHAVIOURS[name].webhooks)

    assert result["outcome"] == BEHAVIOURS[name].outcome
    assert result["sequence"]


@pytest.mark.fault("F15")
@settings(
    derandomize=True,
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(disorders())
def test_in_any_other_order_it_is_the_same(business, client, disorder):
    name, order = disorder
    business(BEHAVIOURS[name])

    assert play(client, order) == play(client, BEHAVIOURS[name].webhooks)
