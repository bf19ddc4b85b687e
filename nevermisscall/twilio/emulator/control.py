"""The client of the emulator's control API: a scenario is a few readable lines.

phone = EmulatorControl("http://127.0.0.1:3702")
call = phone.place_call(from_="+14155550123", to="+15555550100", owner=no_answer())
assert phone.wait_for_call(call)["status"] == "completed"
phone.wait_for_message(to="+14155550123", containing="missed your call")
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests

Json = dict[str, Any]
Owner = str | Json

T = TypeVar("T")

POLL_SECONDS = 0.02


class EmulatorError(Exception):
    """The emulator refused; the message is its sentence."""


def _behaviour(kind: str, **given: Any) -> Json:
    return {"behaviour": kind} | {name: value for name, value in given.items() if value is not None}


def answers(*, after: float | None = None, talk: float | None = None, presses: str | None = None) -> Json:
    """Pick up after `after` virtual seconds, press 1 when asked, talk for `talk` seconds once connected, hang up."""
    return _behaviour("answers", after=after, talk=talk, presses=presses)


def answers_no_press(*, after: float | None = None, talk: float | None = None) -> Json:
    """Pick up, but press nothing when asked."""
    return _behaviour("answers_no_press", after=after, talk=talk)


def declines(*, after: float | None = None) -> Json:
    """Ring for `after` seconds, then be declined: the network says busy."""
    return _behaviour("declines", after=after)


def busy() -> Json:
    """Be on the phone already."""
    return _behaviour("busy")


def no_answer() -> Json:
    """Ring until Twilio gives up."""
    return _behaviour("no_answer")


def voicemail(*, after: float | None = None, talk: float | None = None) -> Json:
    """Let the carrier's voicemail pick up after `after` seconds; it can press nothing and ends after `talk`."""
    return _behaviour("voicemail", after=after, talk=talk)


def caller_hangs_up(*, after: float | None = None) -> Json:
    """Ring; the caller gives up after `after` seconds of it."""
    return _behaviour("caller_hangs_up", after=after)


def fails() -> Json:
    """Be a number that cannot be reached at all."""
    return _behaviour("fails")


def hangs_up_in_whisper(*, after: float | None = None, talk: float | None = None) -> Json:
    """Pick up, listen for `talk` seconds, hang up without pressing anything."""
    return _behaviour("hangs_up_in_whisper", after=after, talk=talk)


def forwards_back(*, after: float | None = None) -> Json:
    """Forward the call to the business's own number after `after` seconds: a second inbound call."""
    return _behaviour("forwards_back", after=after)


class EmulatorControl:
    """Drives one emulator. Every method raises EmulatorError when the emulator refuses."""

    def __init__(self, base_url: str, *, timeout_seconds: float = 10.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout_seconds

    # --- the world ---

    def health(self) -> Json:
        return self._ask("GET", "/health")

    def reset(self, *, keep_numbers: bool = True) -> None:
        """Forget calls, texts, recordings, faults and defaults; the speed is that of the start again."""
        self._ask("POST", "/reset", {"keep_numbers": keep_numbers})

    def configure(self, **settings: float | bool) -> Json:
        """Set `speed`, `sent_seconds`, `delivered_seconds`, `advanced_opt_out`…; returns all of them."""
        return self._ask("POST", "/settings", settings)

    def add_account(self, account_sid: str, auth_token: str, *, secondary_token: str = "") -> None:
        """Add an account, or give one new tokens: the first one signs webhooks, requests may come with either."""
        tokens = {"auth_token": auth_token, "secondary_token": secondary_token}
        self._ask("POST", "/accounts", {"account_sid": account_sid, **tokens})

    def add_number(self, phone_number: str, **fields: str) -> Json:
        """Register or replace a number: `voice_url`, `status_callback`, `sms_url`, `messaging_service_sid`…"""
        return self._ask("POST", "/numbers", {"phone_number": phone_number, **fields})

    def set_owner(self, phone_number: str, behaviour: Owner) -> None:
        """Set what the phone with this number does by default; `""` is every phone."""
        self._ask("POST", "/defaults", {phone_number: behaviour})

    def set_destination(self, phone_number: str, **fate: Any) -> None:
        """Decide how texts to this customer fare: `error=30006`, `delay=30` (virtual seconds) or `silent=True`."""
        self._ask("POST", "/destinations", {phone_number: fate})

    # --- calls ---

    def place_call(
        self,
        *,
        from_: str,
        to: str,
        owner: Owner | None = None,
        caller: Json | None = None,
        params: dict[str, str] | None = None,
    ) -> str:
        """Let `from_` call our number `to`; returns the CallSid at once.

        `owner` is one behaviour for every phone, or one per number. `params` are extra or changed webhook fields.
        """
        body = {"from": from_, "to": to, "owner": owner, "caller": caller or {}, "params": params or {}}
        return str(self._ask("POST", "/calls", body)["call_sid"])

    def call(self, call_sid: str) -> Json:
        """Return the call: status, legs, what was heard, timeline, and whether all webhooks are delivered."""
        return self._ask("GET", f"/calls/{call_sid}")

    def calls(self) -> list[Json]:
        """Return every top-level call without its timeline, oldest first."""
        return list(self._ask("GET", "/calls")["calls"])

    def hang_up(self, call_sid: str) -> None:
        """Let the caller hang up now."""
        self._ask("POST", f"/calls/{call_sid}/hangup", {})

    def wait_for_call(self, call_sid: str, *, timeout: float = 30.0) -> Json:
        """Wait (real seconds) until the call has ended and all its webhooks are delivered; raises TimeoutError."""
        return self._wait(lambda: _settled(self.call(call_sid)), timeout, f"call {call_sid} to end")

    # --- texts ---

    def send_text(self, *, from_: str, to: str, body: str = "", media: Iterable[str | Json] = ()) -> str:
        """Let a customer text our number; returns the MessageSid.

        `media` are content types (a tiny picture is made up) or `{"content_type", "content_base64"}`.
        """
        body_ = {"from": from_, "to": to, "body": body, "media": list(media)}
        return str(self._ask("POST", "/messages", body_)["message_sid"])

    def messages(self, *, to: str | None = None, from_: str | None = None) -> list[Json]:
        """Return the texts in both directions, oldest first, without those that Twilio itself sent (STOP, HELP)."""
        wanted = {"to": to, "from": from_}
        query = urlencode({name: number for name, number in wanted.items() if number is not None})
        found = self._ask("GET", f"/messages?{query}")["messages"]
        return [message for message in found if not message["automatic"]]

    def message(self, message_sid: str) -> Json:
        """Return one text with its timeline, in which its webhooks are."""
        return self._ask("GET", f"/messages/{message_sid}")

    def wait_for_message(
        self, *, to: str | None = None, from_: str | None = None, containing: str = "", timeout: float = 30.0
    ) -> Json:
        """Wait (real seconds) for a text that fits; raises TimeoutError."""

        def fits() -> Json | None:
            found = (each for each in self.messages(to=to, from_=from_) if containing in each["body"])
            return next(found, None)

        return self._wait(fits, timeout, f"a text to {to} containing {containing!r}")

    def wait_for_delivery(self, message_sid: str, *, timeout: float = 30.0) -> Json:
        """Wait (real seconds) until the text has reached its final status and its callbacks are delivered."""
        return self._wait(lambda: _settled(self.message(message_sid)), timeout, f"message {message_sid} to settle")

    def ledger(self) -> list[Json]:
        """Return every message and call that was accepted, in order: the truth about what left exactly once."""
        return list(self._ask("GET", "/ledger")["accepted"])

    def attempts(self) -> list[Json]:
        """Return every create request and what its sender got to see."""
        return list(self._ask("GET", "/ledger")["attempts"])

    # --- trouble ---

    def set_faults(self, *rules: Json, **others: Any) -> None:
        """Replace all faults. `rules` as in `docs/emulator.md`; also `list_lag_seconds`, `callbacks`, `webhooks`,
        `away_seconds`."""
        self._ask("POST", "/faults", {"rules": list(rules), **others})

    def clear_faults(self) -> None:
        self._ask("DELETE", "/faults")

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(method, f"{self.base_url}/emulator{path}", json=body, timeout=self._timeout)
        answer: Json = response.json()
        if not response.ok:
            raise EmulatorError(f"{method} {path}: {answer.get('error') or answer.get('message')}")
        return answer

    def _wait(self, attempt: Callable[[], T | None], timeout: float, what: str) -> T:
        deadline = time.monotonic() + timeout
        while (found := attempt()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout:g} s for {what}")
            time.sleep(POLL_SECONDS)
        return found


def _settled(thing: Json) -> Json | None:
    return thing if thing["settled"] else None
