"""Calls that the REST API places: Twilio rings somebody and, when they pick up, asks `Url` what to say."""

import math
from collections.abc import Generator

from nevermisscall.twilio.emulator import voice_params
from nevermisscall.twilio.emulator.behaviours import Behaviour, Caller
from nevermisscall.twilio.emulator.dial import AMD_SECONDS
from nevermisscall.twilio.emulator.exchange import Exchange
from nevermisscall.twilio.emulator.interpreter import Ear
from nevermisscall.twilio.emulator.line import CallEnded, CallRedirected
from nevermisscall.twilio.emulator.twiml import TwimlError, parse
from nevermisscall.twilio.emulator.voice import PhoneLine, Scene
from nevermisscall.twilio.emulator.world import Call

DEFAULT_RING_SECONDS = 60
QUESTIONS = 20  # that a person answers in one call before losing patience


class OutboundLine(PhoneLine):
    """The leg to the person called. Its behaviour is the default set for that number."""

    def __init__(
        self, exchange: Exchange, call: Call, scene: Scene, behaviour: Behaviour, form: dict[str, str]
    ) -> None:
        presses = (behaviour.presses,) * QUESTIONS if behaviour.presses else ()
        first = CallRedirected(url=form.get("Url", ""), method=form.get("Method", "POST"))
        super().__init__(exchange, call, scene, Ear(presses), first)
        self._behaviour = behaviour
        self._form = form
        self._forwarded_call: PhoneLine | None = None
        self._inline = form.get("Twiml", "") if not form.get("Url") else ""

    def pick_up(self) -> Generator[float, bool, None]:
        """Ring until the phone is picked up; raises CallEnded when it is not."""
        behaviour, form = self._behaviour, self._form
        patience = float(form.get("Timeout") or DEFAULT_RING_SECONDS)
        self.note("leg", to=self.call.to, behaviour=behaviour.as_json())
        yield 0.0
        self.report("initiated")
        if not behaviour.rings:
            raise CallEnded("failed" if behaviour.kind == "fails" else "busy", why="the phone did not ring")
        self.set_status("ringing")
        self.report("ringing")
        if behaviour.kind == "forwards_back":
            yield from self._forward(patience)
        elif not (behaviour.picks_up or behaviour.kind == "declines") or behaviour.after >= patience:
            yield patience
            raise CallEnded("no-answer", why="nobody picked up")
        else:
            yield behaviour.after
        if behaviour.kind == "declines":
            raise CallEnded("busy", why="declined")
        self.answer()
        self.loop.spawn(self._hang_up_later(behaviour.talk))
        yield from self._detect_machine()
        if self._inline:
            try:
                self._first = CallRedirected(document=parse(self._inline))
            except TwimlError as error:
                self.give_up(error, "inline TwiML")

    def end(self, status: str) -> None:
        super().end(status)
        if self._forwarded_call:
            self._forwarded_call.hang_up_soon()

    def _forward(self, patience: float) -> Generator[float, bool, None]:
        """Ring a little, then become an inbound call to the number that is calling; raises CallEnded as that goes."""
        yield min(self._behaviour.after, patience)
        inner = self._forwarded_call = self.forward_back(self, max(patience - self._behaviour.after, 0))
        while inner.call.answered_virtual is None:
            if inner.call.ended:
                status = "busy" if inner.call.status == "busy" else "no-answer"
                raise CallEnded(status, why="the forwarded call ended")
            yield math.inf

    def first_document_params(self) -> voice_params.Params:
        return [("AnsweredBy", self.call.answered_by)] if self.call.answered_by else []

    def _detect_machine(self) -> Generator[float, bool, None]:
        """Synchronous detection keeps the line silent until the verdict; asynchronous reports it later."""
        mode = self._form.get("MachineDetection")
        if not mode:
            return
        machine = "machine_start" if mode == "Enable" else "machine_end_beep"
        verdict = machine if self._behaviour.is_machine else "human"
        if self._form.get("AsyncAmd") != "true":
            yield AMD_SECONDS[verdict]
            self.call.answered_by = verdict
        elif self._form.get("AsyncAmdStatusCallback"):
            self.loop.spawn(self._report_machine(verdict))

    def _report_machine(self, verdict: str) -> Generator[float, bool, None]:
        yield AMD_SECONDS[verdict]
        self.call.answered_by = verdict
        params = [
            ("AccountSid", self.call.account_sid),
            ("CallSid", self.call.sid),
            ("AnsweredBy", verdict),
            ("MachineDetectionDuration", str(math.ceil(AMD_SECONDS[verdict] * 1000))),
        ]
        method = self._form.get("AsyncAmdStatusCallbackMethod", "POST")
        self.post("amd_status", self._form["AsyncAmdStatusCallback"], params, method)


def place(
    exchange: Exchange, account_sid: str, from_: str, to: str, *, form: dict[str, str], events: list[str]
) -> OutboundLine:
    """Prepare a call as `POST /Calls.json` asks for it; `start()` begins it."""
    behaviour = exchange.world.behaviour_for(to, {})
    call = Call(
        account_sid=account_sid,
        from_=from_,
        to=to,
        direction="outbound-api",
        status="queued",
        behaviour=behaviour,
    )
    line = OutboundLine(exchange, call, Scene(caller=Caller()), behaviour, form)
    line.fallback_url, line.fallback_method = form.get("FallbackUrl", ""), form.get("FallbackMethod", "POST")
    line.status_callback = form.get("StatusCallback", "")
    line.status_callback_method = form.get("StatusCallbackMethod", "POST")
    line.status_events = frozenset(event for each in events for event in each.split())
    return line
