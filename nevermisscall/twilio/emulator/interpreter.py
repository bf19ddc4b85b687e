"""Plays a TwiML document to one party. Every verb is a small script in the call's virtual time.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from nevermisscall.twilio.emulator.twiml import NOT_SIMULATED, SCHEMA_WARNING, Document, Verb

if TYPE_CHECKING:
    from nevermisscall.twilio.emulator.line import Line

Step = Generator[float, bool, Document | None]

CHARACTERS_PER_SECOND = 15  # an unhurried voice
REACTION_SECONDS = 2.0  # until a person presses a key or begins to speak
MAX_DOCUMENTS = 100  # a document that redirects to itself must end somewhere


class Ear:
    """The person at the phone: the keys and words they have ready for the questions they will be asked."""

    def __init__(self, presses: tuple[str, ...] = (), says: tuple[str, ...] = (), message_seconds: float = 0) -> None:
        self.presses = deque(presses)
        self.says = deque(says)
        self.message_seconds = message_seconds


class HungUp(Exception):
    """TwiML ended the call."""


class Rejected(Exception):
    """TwiML refused the call; `status` is `busy` or `no-answer`."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Interpreter:
    """Runs documents on a `Line`. Returns when a document ends without a verb that ended the call."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._play: dict[str, Callable[[Verb, Document, bool], Step]] = {
            "Say": self._say,
            "Play": self._play_audio,
            "Pause": self._pause,
            "Gather": self._gather,
            "Record": self._record,
            "Dial": self._dial,
            "Hangup": self._hangup,
            "Reject": self._reject,
            "Redirect": self._redirect,
        }

    def run(self, document: Document) -> Generator[float, bool, None]:
        """Play `document` and whatever it leads to. Raises HungUp, Rejected, or the line's own CallEnded."""
        for _ in range(MAX_DOCUMENTS):
            following = yield from self._run_one(document)
            if following is None:
                return
            document = following
        self._line.note("error", code=None, message=f"more than {MAX_DOCUMENTS} documents in one call")
        raise HungUp

    def _run_one(self, document: Document) -> Step:
        for position, verb in enumerate(document.verbs):
            if verb.name in NOT_SIMULATED:
                self._line.note("not_simulated", verb=verb.name)
                continue
            if verb.name not in self._line.verbs:
                self._line.note("warning", message=f"{SCHEMA_WARNING} <{verb.name}> is not allowed on this leg")
                continue
            following = yield from self._play[verb.name](verb, document, position == 0)
            if following is not None:
                return following
        return None

    def _say(self, verb: Verb, document: Document, is_first: bool) -> Step:
        self._line.answer()
        yield from self._speak(verb)
        return None

    def _speak(self, verb: Verb) -> Generator[float, bool, None]:
        if verb.name == "Say":
            self._line.hear(verb.text)
            yield len(verb.text) / CHARACTERS_PER_SECOND * max(self.number(verb, "loop", 1), 1)
        elif verb.name == "Play":
            self._line.note("play", url=verb.text, digits=verb.get("digits"))
            yield 1.0
        else:
            yield self.number(verb, "length", 1)

    def _play_audio(self, verb: Verb, document: Document, is_first: bool) -> Step:
        self._line.answer()
        yield from self._speak(verb)
        return None

    def _pause(self, verb: Verb, document: Document, is_first: bool) -> Step:
        if not is_first:  # as the first verb it delays the pick-up
            self._line.answer()
        yield from self._speak(verb)
        return None

    def _gather(self, verb: Verb, document: Document, is_first: bool) -> Step:
        line, ear = self._line, self._line.ear
        line.answer()
        kinds = verb.get("input", "dtmf").split()
        keys = ear.presses.popleft() if "dtmf" in kinds and ear.presses else ""
        words = ear.says.popleft() if "speech" in kinds and not keys and ear.says else ""
        line.note("gather", expects=kinds, presses=keys, says=words)
        if keys:
            first = next((prompt for prompt in verb.children if prompt.name == "Say"), None)
            if first:  # the key press interrupts it
                line.hear(first.text)
            yield REACTION_SECONDS
        else:
            for prompt in verb.children:
                yield from self._speak(prompt)
            yield REACTION_SECONDS if words else self.number(verb, "timeout", 5)
        params = [("SpeechResult", words), ("Confidence", "0.95")] if words else []
        if keys:
            params = [("Digits", (yield from self._collect(verb, keys)))]
        elif not words:
            if verb.get("actionOnEmptyResult", "false") != "true":
                return None
            params = [("Digits", "")]
        action = line.resolve(document, verb.get("action") or document.url)
        return (yield from line.fetch("gather_action", action, verb.get("method", "POST"), params))

    def _collect(self, verb: Verb, keys: str) -> Generator[float, bool, str]:
        """Take keys until there are enough, the finishing key comes, or no more come in time."""
        wanted = int(self.number(verb, "numDigits", 0))
        finish = verb.get("finishOnKey", "#")
        collected = ""
        for key in keys:
            if finish and key in finish:
                return collected
            collected += key
            if len(collected) == wanted:
                return collected
        yield self.number(verb, "timeout", 5)
        return collected

    def _record(self, verb: Verb, document: Document, is_first: bool) -> Step:
        self._line.answer()
        return (yield from self._line.record(verb, document))

    def _dial(self, verb: Verb, document: Document, is_first: bool) -> Step:
        return (yield from self._line.dial(verb, document, is_first=is_first))

    def _hangup(self, verb: Verb, document: Document, is_first: bool) -> Step:
        self._line.answer()
        raise HungUp
        yield 0.0

    def _reject(self, verb: Verb, document: Document, is_first: bool) -> Step:
        if not is_first or self._line.call.answered_virtual is not None:
            self._line.note("warning", message=f"{SCHEMA_WARNING} <Reject> must come first; the call is ended instead")
            raise HungUp
        raise Rejected("busy" if verb.get("reason", "rejected") == "busy" else "no-answer")
        yield 0.0

    def _redirect(self, verb: Verb, document: Document, is_first: bool) -> Step:
        url = self._line.resolve(document, verb.text or document.url)
        return (yield from self._line.fetch("redirect", url, verb.get("method", "POST")))

    def number(self, verb: Verb, attribute: str, default: float) -> float:
        """Read a number of seconds or keys; anything else is a warning and the default."""
        value = verb.get(attribute)
        if not value or (value == "auto" and attribute == "timeout"):
            return default
        if not value.isdecimal():
            self._line.note("warning", message=f"{SCHEMA_WARNING} {attribute}={value!r} is not a whole number")
            return default
        return float(value)
