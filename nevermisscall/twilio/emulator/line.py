"""One party of a call while it lives: what it hears, what it is asked to do next, and what Twilio reports about it."""

from collections.abc import Generator
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

from nevermisscall.twilio.emulator import twiml, voice_params
from nevermisscall.twilio.emulator.exchange import Exchange, hook
from nevermisscall.twilio.emulator.formats import now
from nevermisscall.twilio.emulator.interpreter import Ear, Interpreter, Step
from nevermisscall.twilio.emulator.timeflow import Loop, Task
from nevermisscall.twilio.emulator.twiml import Document, TwimlError, Verb
from nevermisscall.twilio.emulator.voice_params import Params
from nevermisscall.twilio.emulator.webhooks import Answer, Hook, describe_exchange
from nevermisscall.twilio.emulator.world import Call, Event

APOLOGY = "We are sorry, an application error has occurred. Goodbye."


class CallEnded(Exception):
    """The call is over for this party; `status` is its final CallStatus."""

    def __init__(self, status: str = "completed", *, why: str) -> None:
        super().__init__(why)
        self.status = status


class CallRedirected(Exception):
    """The REST API has given the call new TwiML: `url` to fetch, or `document` as passed inline."""

    def __init__(self, *, url: str = "", method: str = "POST", document: Document | None = None) -> None:
        super().__init__(url)
        self.url, self.method, self.document = url, method, document


class Line:
    """A leg. `journal` is the top-level call: its timeline and its strand of webhooks are shared by all legs."""

    verbs: frozenset[str] = frozenset()

    def __init__(self, exchange: Exchange, call: Call, journal: Call, loop: Loop, ear: Ear) -> None:
        self.exchange = exchange
        self.call = call
        self.journal = journal
        self.loop = loop
        self.ear = ear
        self.task: Task | None = None
        self.status_callback = ""
        self.status_callback_method = "POST"
        self.status_events: frozenset[str] = frozenset({"completed"})
        self.fallback_url = ""
        self.fallback_method = "POST"
        self.interpreter = Interpreter(self)

    # --- what it does ---

    def dial(self, verb: Verb, document: Document, *, is_first: bool) -> Step:
        """Connect this party to others."""
        raise NotImplementedError

    def record(self, verb: Verb, document: Document) -> Step:
        """Record what this party says."""
        raise NotImplementedError

    def hear(self, text: str) -> None:
        """Remember what was said to this party."""
        with self.exchange.world.lock:
            self.call.heard.append(text)
        self.note("say", to="caller" if self.call.direction == "inbound" else self.call.to, text=text)

    def note(self, kind: str, **detail: object) -> None:
        """Add a line to the timeline."""
        entry = Event(kind, self.loop.now, {"call_sid": self.call.sid, **detail})
        with self.exchange.world.lock:
            self.journal.timeline.append(entry)

    # --- how it stands ---

    def set_status(self, status: str) -> None:
        with self.exchange.world.lock:
            self.call.status = status
        self.note("status", status=status)

    def answer(self) -> None:
        """Pick up, once."""
        if self.call.answered_virtual is not None:
            return
        with self.exchange.world.lock:
            self.call.answered_virtual, self.call.answered_at = self.loop.now, now()
        self.set_status("in-progress")
        self.report("answered")

    def end(self, status: str) -> None:
        """End this leg, once, and report it."""
        if self.call.ended:
            return
        answered = self.call.answered_virtual
        with self.exchange.world.lock:
            self.call.ended_at = now()
            self.call.duration_seconds = round(self.loop.now - answered) if answered is not None else 0
        self.set_status(status)
        self.report("completed")
        self.exchange.lines.pop(self.call.sid, None)

    def report(self, event: str) -> None:
        """Send a status callback if this leg has one for `event`."""
        if self.status_callback and event in self.status_events:
            params = voice_params.event(self.call, event, sequence=self.call.sequence)
            self.call.sequence += 1
            self.post("call_status", self.status_callback, params, self.status_callback_method)

    # --- webhooks ---

    def fetch(
        self, name: str, url: str, method: str = "POST", extra: Params | None = None
    ) -> Generator[float, bool, Document]:
        """Ask the product what to do next; on failure ask the fallback URL, else apologise and end the call.

        Blocks for as long as the product takes; those seconds pass in the call too.
        """
        params = voice_params.base(self.call) + (extra or [])
        try:
            document = self.read(name, url, method, params)
        except TwimlError as error:
            if not self.fallback_url:
                self.give_up(error, url)
            self.note("error", code=error.code, message=str(error), url=url)
            params += [("ErrorCode", str(error.code)), ("ErrorUrl", urlsplit(url)._replace(fragment="").geturl())]
            try:
                document = self.read("fallback", self.fallback_url, self.fallback_method, params)
            except TwimlError as again:
                self.give_up(again, self.fallback_url)
        yield 0.0  # whoever hung up in the meantime has done so before the answer is played
        return document

    def give_up(self, error: TwimlError, url: str) -> NoReturn:
        """Play what Twilio plays when an application fails, and end the call."""
        self.note("error", code=error.code, message=str(error), url=url)
        self.answer()
        self.hear(APOLOGY)
        raise CallEnded(why="application error")

    def read(self, name: str, url: str, method: str, params: Params) -> Document:
        """Make one request for TwiML; raises TwimlError."""
        request = hook(name, url, params, method)
        with self.loop.at_work():
            answer = self.exchange.delivery.request(self.journal.sid, request, self._token(), self._record)
        document = twiml.read(answer)
        for warning in document.warnings:
            self.note("warning", message=warning, url=url)
        return document

    def post(self, name: str, url: str, params: Params, method: str = "POST") -> None:
        """Send a webhook that nobody waits for."""
        self.exchange.delivery.post(self.journal.sid, hook(name, url, params, method), self._token(), self._record)

    def resolve(self, document: Document, url: str) -> str:
        """Make a URL from TwiML absolute. A relative one in inline TwiML ends the call with error 11100."""
        if urlsplit(url).scheme in {"http", "https"}:
            return url
        if not document.url:
            problem = f"{url!r} is relative, but inline TwiML has no URL to start from"
            self.give_up(TwimlError(twiml.INVALID_URL, problem), url)
        return urljoin(document.url, url)

    def _token(self) -> str:
        return self.exchange.auth_token(self.call.account_sid)

    def _record(self, sent: Hook, answer: Answer, copy: int) -> None:
        for warning in answer.warnings:
            self.note("warning", message=warning, url=sent.url)
        self.note("webhook", **describe_exchange(sent, answer, copy))
