"""`<Dial>`: rings the owners' phones, plays the whisper, bridges the first who accepts, and says how it went.

https://www.twilio.com/docs/voice/twiml/dial and …/number. Two things those pages leave open are decided so: with
several phones and a whisper, all keep ringing until one has accepted; a whisper that cannot be fetched ends its leg.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nevermisscall.twilio.emulator.behaviours import Behaviour
from nevermisscall.twilio.emulator.interpreter import Ear, HungUp
from nevermisscall.twilio.emulator.line import CallEnded, Line
from nevermisscall.twilio.emulator.twiml import SCHEMA_WARNING, Document, Verb
from nevermisscall.twilio.emulator.voice_params import Params
from nevermisscall.twilio.emulator.world import Call

if TYPE_CHECKING:
    from nevermisscall.twilio.emulator.voice import PhoneLine

Wait = Generator[float, bool, None]

INVALID_CALLER_ID = 13214  # https://www.twilio.com/docs/api/errors/13214
INVALID_NUMBER = 13224  # https://www.twilio.com/docs/api/errors/13224
DEFAULT_RING_SECONDS = 30
MAX_TARGETS = 10
AMD_SECONDS = {"human": 2.0, "machine_start": 4.0, "machine_end_beep": 8.0}

_LOOKS_LIKE_A_NUMBER = re.compile(r"\+?[\d ().-]{3,20}")


@dataclass(frozen=True)
class Target:
    """One phone to ring, and the `<Number>` that asked for it."""

    phone_number: str
    noun: Verb

    @classmethod
    def all_of(cls, dial: Verb) -> list[Target]:
        if dial.text and not dial.children:
            return [cls(dial.text, Verb("Number", {}, dial.text))]
        return [cls(child.text, child) for child in dial.children if child.name == "Number"][:MAX_TARGETS]


class OwnerLine(Line):
    """The leg to one owner's phone. It lives in the loop of the call that dialled it."""

    verbs = frozenset({"Say", "Play", "Pause", "Gather", "Hangup", "Redirect"})

    def __init__(self, dial: Dial, target: Target, call: Call, behaviour: Behaviour) -> None:
        caller = dial.caller
        ear = Ear((behaviour.presses,) if behaviour.presses else ())
        super().__init__(caller.exchange, call, caller.call, caller.loop, ear)
        self.dial_attempt = dial
        self.target = target
        self.behaviour = behaviour
        self.forwarded_call: PhoneLine | None = None
        noun = target.noun
        if noun.get("statusCallback"):
            self.status_callback = self.resolve(dial.document, noun.get("statusCallback"))
        self.status_callback_method = noun.get("statusCallbackMethod", "POST")
        self.status_events = frozenset(noun.get("statusCallbackEvent", "completed").split())
        self.exchange.lines[call.sid] = self
        self.task = self.loop.spawn(self._script())

    def end(self, status: str) -> None:
        was_alive = not self.call.ended
        super().end(status)
        if was_alive:
            if self.forwarded_call:
                self.forwarded_call.hang_up_soon()
            self.dial_attempt.leg_ended(self)

    def drop(self) -> None:
        """Stop ringing or talking because the other side is done."""
        if not self.call.ended:
            if self.task:
                self.loop.kill(self.task)
            self.end("canceled" if self.call.answered_virtual is None else "completed")

    def _script(self) -> Wait:
        self.note("leg", to=self.call.to, behaviour=self.behaviour.as_json())
        self.report("initiated")
        try:
            yield 0.0
            if not (yield from self._ring()):
                return
            self.answer()
            self._detect_machine()
            yield from self._whisper()
            self.dial_attempt.accepted(self)
            yield self._time_on_phone()
            self.end("completed")
        except HungUp:
            self.end("completed")
        except CallEnded:
            self.end("canceled" if self.call.answered_virtual is None else "completed")

    def _ring(self) -> Generator[float, bool, bool]:
        """Ring; tell whether the phone was picked up. If not, the leg has ended."""
        behaviour, patience = self.behaviour, self.dial_attempt.ring_seconds
        if not behaviour.rings:
            self.end("failed" if behaviour.kind == "fails" else "busy")
            return False
        self.report("ringing")
        if behaviour.kind == "forwards_back":
            return (yield from self._forward(patience))
        if behaviour.kind == "no_answer" or behaviour.after >= patience:
            yield patience
            self.end("no-answer")
            return False
        yield behaviour.after
        if behaviour.kind == "declines":
            self.end("busy")
        elif behaviour.kind == "caller_hangs_up":
            self.dial_attempt.caller.hang_up()
            yield math.inf
        return behaviour.picks_up

    def _forward(self, patience: float) -> Generator[float, bool, bool]:
        """Ring a little, then become a new inbound call to the business: what a conditionally forwarding phone does."""
        yield min(self.behaviour.after, patience)
        inner = self.dial_attempt.caller.forward_back(self, max(patience - self.behaviour.after, 0))
        self.forwarded_call = inner
        while inner.call.answered_virtual is None:
            if inner.call.ended:
                self.end("busy" if inner.call.status == "busy" else "no-answer")
                return False
            yield math.inf
        return True

    def _whisper(self) -> Wait:
        """Play the Number's `url` to the owner before the bridge. Ends the leg by HungUp or CallEnded."""
        if self.behaviour.kind in {"voicemail", "hangs_up_in_whisper"}:
            self.loop.spawn(self._hang_up_later())
        if url := self.target.noun.get("url"):
            method = self.target.noun.get("method", "POST")
            document = yield from self.fetch("whisper", self.resolve(self.dial_attempt.document, url), method)
            yield from self.interpreter.run(document)

    def _time_on_phone(self) -> float:
        return self.behaviour.talk if self.behaviour.kind.startswith("answers") else math.inf

    def _hang_up_later(self) -> Wait:
        yield self.behaviour.talk
        if self.task and not self.call.ended:
            self.loop.throw(self.task, CallEnded(why="the owner's phone hung up"))

    def _detect_machine(self) -> None:
        """Send the verdict of `machineDetection` to `amdStatusCallback`; it does not delay the bridge."""
        noun = self.target.noun
        mode, callback = noun.get("machineDetection"), noun.get("amdStatusCallback")
        if not mode:
            return
        machine = "machine_start" if mode == "Enable" else "machine_end_beep"
        self.call.answered_by = machine if self.behaviour.is_machine else "human"
        if callback:
            url = self.resolve(self.dial_attempt.document, callback)
            self.loop.spawn(self._report_machine(url, noun.get("amdStatusCallbackMethod", "POST")))

    def _report_machine(self, url: str, method: str) -> Wait:
        verdict = self.call.answered_by or "unknown"
        yield AMD_SECONDS[verdict]
        params = [
            ("AccountSid", self.call.account_sid),
            ("CallSid", self.call.sid),
            ("AnsweredBy", verdict),
            ("MachineDetectionDuration", str(int(AMD_SECONDS[verdict] * 1000))),
        ]
        self.post("amd_status", url, params, method)


class Dial:
    """One `<Dial>` verb while it runs."""

    def __init__(self, caller: PhoneLine, verb: Verb, document: Document) -> None:
        self.caller = caller
        self.verb = verb
        self.document = document
        self.ring_seconds = caller.interpreter.number(verb, "timeout", DEFAULT_RING_SECONDS)
        self.legs: list[OwnerLine] = []
        self.winner: OwnerLine | None = None
        self.last_ended: OwnerLine | None = None
        self.bridged_at: float | None = None

    def run(self) -> Wait:
        """Ring until somebody accepts, then last as long as they talk. Returns when every leg has ended."""
        targets = Target.all_of(self.verb)
        if not targets:
            self.caller.note("warning", message=f"{SCHEMA_WARNING} <Dial> without a number to dial")
            return
        one_by_one = self.verb.get("sequential") == "true"
        for group in [[target] for target in targets] if one_by_one else [targets]:
            started = [self._start(target) for target in group]
            while self.winner is None and not all(leg.call.ended for leg in started):
                yield math.inf
            if self.winner:
                yield from self._talk(self.winner)
                return

    def accepted(self, leg: OwnerLine) -> None:
        """Bridge `leg` to the caller and stop ringing the others."""
        self.winner = leg
        for other in self.legs:
            if other is not leg:
                other.drop()
        self.caller.answer()
        self.bridged_at = self.caller.loop.now
        leg.call.bridged = True
        leg.note("bridge", to=leg.call.to)
        self._wake()

    def leg_ended(self, leg: OwnerLine) -> None:
        self.last_ended = leg
        self._wake()

    def abandon(self) -> None:
        """End every leg because the caller is gone or does something else now."""
        for leg in self.legs:
            leg.drop()

    def talk_seconds(self) -> float:
        """Return how long the parties were connected; 0 when they never were."""
        return self.caller.loop.now - self.bridged_at if self.bridged_at is not None else 0.0

    def outcome(self) -> Params:
        """Return the `Dial…` fields of the action request."""
        leg = self.winner or self.last_ended
        if leg is None:
            return [("DialCallStatus", "failed"), ("DialBridged", "false")]
        params = [
            ("DialCallStatus", leg.call.status),
            ("DialCallSid", leg.call.sid),
            ("DialBridged", "true" if leg.call.bridged else "false"),
        ]
        if leg.call.status == "completed":
            params.append(("DialCallDuration", str(leg.call.duration_seconds or 0)))
        return params

    def _talk(self, leg: OwnerLine) -> Wait:
        limit = self.caller.interpreter.number(self.verb, "timeLimit", 14_400)
        until = self.caller.loop.now + limit
        while not leg.call.ended:
            woken = yield until - self.caller.loop.now
            if not woken:
                leg.drop()

    def _wake(self) -> None:
        if self.caller.task:
            self.caller.loop.wake(self.caller.task)

    def _start(self, target: Target) -> OwnerLine:
        caller = self.caller
        caller_id = self.verb.get("callerId") or caller.call.from_
        world = caller.exchange.world
        behaviour = caller.behaviour_of(target.phone_number)
        ours = {caller.call.from_, caller.call.to, *world.numbers}
        if not _LOOKS_LIKE_A_NUMBER.fullmatch(caller_id) or caller_id not in ours:
            caller.note("error", code=INVALID_CALLER_ID, message=f"{caller_id!r} cannot be shown as the caller")
            behaviour = Behaviour.parse("fails")
        if not _LOOKS_LIKE_A_NUMBER.fullmatch(target.phone_number):
            caller.note("error", code=INVALID_NUMBER, message=f"{target.phone_number!r} is not a phone number")
            behaviour = Behaviour.parse("fails")
        call = Call(
            account_sid=caller.call.account_sid,
            from_=caller_id,
            to=target.phone_number,
            direction="outbound-dial",
            status="ringing",
            parent_sid=caller.call.sid,
            behaviour=behaviour,
        )
        with world.lock:
            world.calls[call.sid] = call
        leg = OwnerLine(self, target, call, behaviour)
        self.legs.append(leg)
        return leg
