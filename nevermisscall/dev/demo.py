"""`make demo`: a customer calls, nobody answers, and the text arrives; told line by line as it happens.

    python -m nevermisscall.dev.demo

Plays against the stack of `make run`. Exits 0 only if the text has reached the customer's phone, else 1 and a sentence
on where to look. The emulator runs the call faster than life; the text is not sped up.
"""

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from nevermisscall.dev import stack
from nevermisscall.dev.output import Output
from nevermisscall.dev.web import ask

SPEED = 4  # A phone that rings for 20 s then takes 5 s.
CALL_SECONDS = 30
TEXT_SECONDS = 20
POLL = 0.05

Event = dict[str, Any]


class Failed(Exception):
    """The story did not end well; the message says where to look."""


class Story:
    """One missed call, from the ring to the text."""

    def __init__(self, emulator_url: str, output: Output) -> None:
        self._emulator = f"{emulator_url}/emulator"
        self._output = output
        self._began = time.time()
        self.customer = f"+1415555{secrets.randbelow(10_000):04}"

    def play(self) -> None:
        """Place the call and follow it until the text is delivered. Raises Failed."""
        with self._faster():
            scene = {"from": self.customer, "to": stack.DEMO_NUMBER, "owner": {"behaviour": "no_answer"}}
            self._began = time.time()
            call_sid = ask(f"{self._emulator}/calls", scene)["call_sid"]
            missed_at = self._follow_call(call_sid)
        self._follow_text(missed_at)

    @contextmanager
    def _faster(self) -> Iterator[None]:
        usual = ask(f"{self._emulator}/health")["speed"]
        self._output.plain(
            f"The emulator runs call and carrier {SPEED} times faster than life; what we do takes its real time.\n"
        )
        ask(f"{self._emulator}/settings", {"speed": SPEED})
        try:
            yield
        finally:
            ask(f"{self._emulator}/settings", {"speed": usual})

    def _follow_call(self, call_sid: str) -> float:
        """Tell the call's events until it has ended; return when the owner's phone stopped ringing (Unix seconds)."""
        shown, missed_at = 0, 0.0
        for call in self._every(f"calls/{call_sid}", CALL_SECONDS):
            for event in call["timeline"][shown:]:
                self._tell(event["at"], describe(event, call_sid))
                if event["kind"] == "status" and event["detail"]["call_sid"] != call_sid:
                    missed_at = _unix(event["at"])
            shown = len(call["timeline"])
            if call["ended_at"]:
                return missed_at or _unix(call["ended_at"])
        raise Failed("The call did not end: look at the `web` and `emulator` lines of `make run`.")

    def _follow_text(self, missed_at: float) -> None:
        shown = 0
        for answer in self._every(f"messages?to=%2B{self.customer[1:]}&from=%2B{stack.DEMO_NUMBER[1:]}", TEXT_SECONDS):
            if not answer["messages"]:
                continue
            text = answer["messages"][0]
            events = [event for event in text["timeline"] if event["kind"] == "status"]
            if not shown:
                late = _unix(text["created_at"]) - missed_at
                self._tell(text["created_at"], f"Twilio accepts a text, {late:.1f} s after the missed call:")
                self._output.plain(f"\n          “{text['body']}”\n")
            for event in events[shown:]:
                self._tell(event["at"], f"the text is {event['detail']['status']}")
            shown = len(events)
            if text["status"] == "delivered":
                self._output.plain(f"\nThe text arrived at {self.customer}.")
                return
            if text["status"] in {"failed", "undelivered"}:
                raise Failed(f"The text was not delivered (error {text['error_code']}): look it up in /admin/.")
        raise Failed(
            f"No text arrived at {self.customer} within {TEXT_SECONDS} s: look at the `worker` lines of `make run` and "
            "at the dead letters in /admin/."
        )

    def _every(self, path: str, seconds: float) -> Iterator[Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            yield ask(f"{self._emulator}/{path}")
            time.sleep(POLL)

    def _tell(self, at: str, what: str) -> None:
        if what:
            self._output.plain(f"{_unix(at) - self._began:6.1f} s  {what}")


def describe(event: Event, call_sid: str) -> str:
    """Return an event of the emulator's timeline as a person would tell it; empty for those that add nothing."""
    detail = event["detail"]
    of_the_caller = detail.get("call_sid") == call_sid
    match event["kind"]:
        case "ringing":
            return f"{detail['from_']} calls {stack.DEMO_BUSINESS} at {detail['to']}"
        case "leg":
            return f"the owner's phone {detail['to']} rings"
        case "status" if not of_the_caller and detail["status"] == "no-answer":
            return "nobody answers"
        case "status" if of_the_caller and detail["status"] == "completed":
            return "the call ends"
        case "say":
            return f"the {'caller' if detail['to'] == 'caller' else 'owner'} hears: “{detail['text']}”"
        case "webhook":
            path = urlsplit(detail["url"]).path
            outcome = detail["error"] or f"{detail['status']} in {detail['seconds'] * 1000:.0f} ms"
            return f"    {detail['method']} {path}: {outcome}"
        case "error" | "warning":
            return f"    {event['kind']}: {detail['message']}"
    return ""


def _unix(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def main() -> int:
    output = Output()
    found = stack.read_stack()
    if not found:
        output.plain("No stack is running here: start it with `make run` in another terminal and wait for `ready`.")
        return 1
    if "EMULATOR_URL" not in found:
        output.plain("This stack talks to the real Twilio: the demo needs the emulator, so unset TWILIO_ACCOUNT_SID.")
        return 1
    try:
        Story(found["EMULATOR_URL"], output).play()
    except Failed as error:
        output.plain(f"\n{error}")
        return 1
    except OSError as error:
        output.plain(
            f"\nThe emulator at {found['EMULATOR_URL']} does not answer ({error}): is `make run` still running?"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
