"""Whole calls: the ones customers place to our numbers, and the ones the REST API places."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from nevermisscall.twilio.emulator import dial as dialling
from nevermisscall.twilio.emulator import recordings, voice_params
from nevermisscall.twilio.emulator.behaviours import Behaviour, Caller
from nevermisscall.twilio.emulator.exchange import Exchange
from nevermisscall.twilio.emulator.interpreter import Ear, HungUp, Rejected, Step
from nevermisscall.twilio.emulator.line import CallEnded, CallRedirected, Line
from nevermisscall.twilio.emulator.timeflow import Loop
from nevermisscall.twilio.emulator.twiml import Document, TwimlError, Verb
from nevermisscall.twilio.emulator.world import Call, Number

logger = logging.getLogger(__name__)

MAX_FORWARDS = 3  # of a call that keeps coming back; then the owner's phone counts as busy


@dataclass(frozen=True)
class Scene:
    """Who does what in one call. One that was forwarded here rings for `patience` seconds at most, and `waiting` is
    the loop of the call that it came from."""

    owners: dict[str, Behaviour] = field(default_factory=dict)
    caller: Caller = field(default_factory=Caller)
    forwards: int = 0
    patience: float | None = None
    waiting: Loop | None = None


class PhoneLine(Line):
    """The leg that runs the business's TwiML; its thread and its clock are those of the whole call."""

    verbs = frozenset({"Say", "Play", "Pause", "Gather", "Record", "Dial", "Hangup", "Reject", "Redirect"})

    def __init__(self, exchange: Exchange, call: Call, scene: Scene, ear: Ear, first: CallRedirected) -> None:
        super().__init__(exchange, call, call, Loop(exchange.pace, exchange.world.closed, scene.waiting), ear)
        self.scene = scene
        self.watchers: list[Callable[[], None]] = []
        self._first = first

    def start(self) -> None:
        """Let the call begin, in a thread of its own."""
        self.exchange.delivery.hold(self.call.sid)
        self.exchange.lines[self.call.sid] = self
        with self.exchange.world.lock:
            self.exchange.world.calls[self.call.sid] = self.call
        self.exchange.in_thread(f"call {self.call.sid}", self._run)

    def answer(self) -> None:
        super().answer()
        self._tell_watchers()

    def hang_up(self) -> None:
        """The person at this phone puts it down. Only from within the call's loop."""
        status = "completed" if self.call.answered_virtual is not None else self.scene.caller.final_status
        self.note("hangup", by="caller")
        if self.task:
            self.loop.throw(self.task, CallEnded(status, why="the caller hung up"))

    def hang_up_soon(self) -> None:
        """The same, from any thread."""
        self.loop.post(self.hang_up)

    def behaviour_of(self, phone_number: str) -> Behaviour:
        """Return what the phone with this number does in this call."""
        if self.scene.forwards >= MAX_FORWARDS:
            return Behaviour.parse("busy")
        if phone_number in self.exchange.world.numbers:
            return Behaviour.parse({"behaviour": "forwards_back", "after": 0})
        return self.exchange.world.behaviour_for(phone_number, self.scene.owners)

    def forward_back(self, leg: Line, patience: float) -> PhoneLine:
        """Place the second inbound call that an owner's forwarding phone makes; it shows who forwarded.

        It gives up when it has not been answered after `patience` seconds of its own clock.
        """
        business = self.call.to if self.call.direction == "inbound" else self.call.from_
        own_number = leg.call.to if leg.call.to in self.exchange.world.numbers else business
        caller = Caller(final_status="no-answer")
        scene = replace(
            self.scene, caller=caller, forwards=self.scene.forwards + 1, patience=patience, waiting=self.loop
        )
        forwarded_from = None if own_number == leg.call.to else leg.call.to
        inner = inbound(self.exchange, leg.call.from_, own_number, scene, forwarded_from=forwarded_from)
        self.note("forwarded", from_=leg.call.to, to=own_number, new_call_sid=inner.call.sid)
        with self.exchange.world.lock:
            self.call.linked.append(inner.call.sid)
        inner.watchers.append(lambda: self.loop.post(lambda: self._follow(leg, inner)))
        inner.start()
        return inner

    def dial(self, verb: Verb, document: Document, *, is_first: bool) -> Step:
        attempt = dialling.Dial(self, verb, document)
        if verb.get("answerOnBridge") != "true" or not is_first:
            self.answer()
        action = self.resolve(document, verb.get("action")) if verb.get("action") else ""
        method = verb.get("method", "POST")
        try:
            yield from attempt.run()
        except CallRedirected:
            attempt.abandon()
            raise
        except CallEnded as ended:
            attempt.abandon()
            if action and self.scene.caller.dial_action:
                self._report_dial(action, method, attempt, ended.status)
            raise
        extra = attempt.outcome() + self._recorded(verb, document, attempt)
        if not action:
            return None
        return (yield from self.fetch("dial_action", action, method, extra))

    def record(self, verb: Verb, document: Document) -> Step:
        wanted = self.interpreter.number(verb, "maxLength", 3_600)
        seconds = min(self.ear.message_seconds, wanted)
        if not seconds:
            yield self.interpreter.number(verb, "timeout", 5)
            return None
        started = self.loop.now
        with suppress(CallEnded):  # hanging up is how most messages end; the action is requested all the same
            yield seconds
        seconds = self.loop.now - started
        made = recordings.start(self, verb, document, seconds=seconds, source="RecordVerb", channels=1)
        extra = [
            ("RecordingUrl", recordings.url_of(self.exchange, made)),
            ("RecordingSid", made.sid),
            ("RecordingDuration", str(made.duration_seconds)),
            ("Digits", "hangup"),
        ]
        action = self.resolve(document, verb.get("action") or document.url)
        params = voice_params.base(self.call, status="completed") + extra
        self._ask_unheard("record_action", action, verb.get("method", "POST"), params)
        raise CallEnded(why="the caller hung up after the message")

    def _recorded(self, verb: Verb, document: Document, attempt: dialling.Dial) -> list[tuple[str, str]]:
        wanted = verb.get("record", "do-not-record")
        if wanted in {"do-not-record", "false"} or attempt.bridged_at is None:
            return []
        channels = 2 if wanted.endswith("dual") else 1
        seconds = attempt.talk_seconds()
        made = recordings.start(self, verb, document, seconds=seconds, source="DialVerb", channels=channels)
        return [("RecordingUrl", recordings.url_of(self.exchange, made))]

    def _report_dial(self, action: str, method: str, attempt: dialling.Dial, status: str) -> None:
        params = voice_params.base(self.call, status=status) + attempt.outcome()
        self._ask_unheard("dial_action", action, method, params)

    def _ask_unheard(self, name: str, url: str, method: str, params: voice_params.Params) -> None:
        """Make a request for TwiML that nobody is there to hear any more."""
        try:
            self.read(name, url, method, params)
        except TwimlError as error:
            self.note("error", code=error.code, message=str(error), url=url)

    def _follow(self, leg: Line, inner: PhoneLine) -> None:
        """The forwarded call has been answered or has ended: so has the leg that became it."""
        if leg.task is None or leg.call.ended:
            return
        if inner.call.ended and leg.call.answered_virtual is not None:
            self.loop.throw(leg.task, CallEnded(why="the forwarded call ended"))
        else:
            self.loop.wake(leg.task)

    def _tell_watchers(self) -> None:
        for watcher in self.watchers:
            watcher()

    def _run(self) -> None:
        try:
            self.task = self.loop.spawn(self._script())
            if (seconds := self.scene.caller.hangs_up_after) is not None:
                self.loop.spawn(self._hang_up_later(seconds))
            if self.scene.patience is not None:
                self.loop.spawn(self._give_up(self.scene.patience))
            self.loop.run(self.task)
        except Exception:  # the thread's last resort: a bug here must not leave a call that never ends
            logger.exception("the call failed")
            self.end("failed")
        finally:
            self._tell_watchers()
            self.exchange.delivery.finish(self.call.sid)
            self.exchange.delivery.release(self.call.sid)

    def _hang_up_later(self, seconds: float) -> Generator[float, bool, None]:
        yield seconds
        self.hang_up()

    def _give_up(self, seconds: float) -> Generator[float, bool, None]:
        yield seconds
        if self.call.answered_virtual is None:
            self.hang_up()

    def _script(self) -> Generator[float, bool, None]:
        try:
            yield from self.pick_up()
            status = yield from self._play()
        except CallEnded as ended:
            status = ended.status
        self.end(status)

    def pick_up(self) -> Generator[float, bool, None]:
        """What happens before the first document; an inbound call rings until TwiML says otherwise."""
        self.note("ringing", from_=self.call.from_, to=self.call.to)
        yield 0.0

    def first_document_params(self) -> voice_params.Params:
        """Return what the first request carries besides the usual fields."""
        return []

    def _play(self) -> Generator[float, bool, str]:
        source, name, extra = self._first, "voice_url", self.first_document_params()
        while True:
            try:
                document = source.document or (yield from self.fetch(name, source.url, source.method, extra))
                yield from self.interpreter.run(document)
            except CallRedirected as again:
                source, name, extra = again, "redirect", []
                continue
            except Rejected as refused:
                return refused.status
            except HungUp:
                return "completed"
            self.answer()  # a document without verbs picks up and hangs up
            return "completed"


def inbound(
    exchange: Exchange,
    from_: str,
    to: str,
    scene: Scene,
    *,
    extra: dict[str, str] | None = None,
    forwarded_from: str | None = None,
) -> PhoneLine:
    """Prepare a call to one of our numbers; `start()` begins it. Raises LookupError for a number nobody has."""
    number = exchange.world.number_for(to)
    if number is None:
        raise LookupError(f"{to} is not a number of this account")
    call = Call(
        account_sid=number.account_sid,
        from_=from_,
        to=to,
        direction="inbound",
        status="ringing",
        phone_number_sid=number.sid,
        forwarded_from=forwarded_from,
        extra=extra or {},
    )
    ear = Ear(scene.caller.presses, scene.caller.says, scene.caller.message_seconds)
    line = PhoneLine(exchange, call, scene, ear, CallRedirected(url=number.voice_url, method=number.voice_method))
    _configure(line, number)
    exchange.world.accept("call", call.sid, {"from": from_, "to": to, "direction": "inbound"})
    return line


def _configure(line: PhoneLine, number: Number) -> None:
    line.fallback_url, line.fallback_method = number.voice_fallback_url, number.voice_fallback_method
    line.status_callback, line.status_callback_method = number.status_callback, number.status_callback_method
