"""Everything that exists in the emulator, in memory: accounts, numbers, messages, calls, recordings and the ledger.

Records are plain dataclasses changed under `World.lock`. A reset replaces the whole world; what still runs in the old
one sees `closed` and stops.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nevermisscall.twilio.emulator.behaviours import Behaviour
from nevermisscall.twilio.emulator.formats import new_sid, now

TERMINAL_CALL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass
class Event:
    """One line of a timeline. `virtual_at` is seconds since the call or message began, in its own clock."""

    kind: str
    virtual_at: float
    detail: dict[str, Any]
    at: datetime = field(default_factory=now)

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(timespec="milliseconds"),
            "virtual_at": round(self.virtual_at, 3),
            "kind": self.kind,
            "detail": self.detail,
        }


@dataclass
class Number:
    account_sid: str
    phone_number: str
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    friendly_name: str = ""
    voice_caller_id_lookup: bool = False
    messaging_service_sid: str = ""  # the pool it is in
    sid: str = field(default_factory=lambda: new_sid("PN"))
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)


@dataclass
class Media:
    """A picture a customer sent, or the `url` that an outgoing message points to."""

    content_type: str
    content: bytes = b""
    url: str = ""
    sid: str = field(default_factory=lambda: new_sid("ME"))
    created_at: datetime = field(default_factory=now)


@dataclass
class Message:
    account_sid: str
    from_: str
    to: str
    body: str
    direction: str
    status: str
    sid: str
    status_callback: str = ""
    messaging_service_sid: str | None = None
    chosen_sender: bool = False  # by Twilio, from the pool; not shown before the text is on its way
    validity_seconds: int = 36_000
    send_at: datetime | None = None
    num_segments: int = 1
    media: list[Media] = field(default_factory=list)
    error_code: int | None = None
    error_message: str | None = None
    automatic: bool = False  # Twilio's own answer to STOP, START or HELP
    created_at: datetime = field(default_factory=now)
    sent_at: datetime | None = None
    updated_at: datetime = field(default_factory=now)
    timeline: list[Event] = field(default_factory=list)


@dataclass
class Call:
    account_sid: str
    from_: str
    to: str
    direction: str
    status: str
    sid: str = field(default_factory=lambda: new_sid("CA"))
    parent_sid: str | None = None
    phone_number_sid: str | None = None
    forwarded_from: str | None = None
    answered_by: str | None = None
    extra: dict[str, str] = field(default_factory=dict)  # fields added to every webhook of this call
    behaviour: Behaviour | None = None
    bridged: bool = False
    heard: list[str] = field(default_factory=list)
    answered_virtual: float | None = None
    duration_seconds: int | None = None
    sequence: int = 0  # of status callbacks
    created_at: datetime = field(default_factory=now)
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    linked: list[str] = field(default_factory=list)  # calls that this one caused by being forwarded
    timeline: list[Event] = field(default_factory=list)  # kept on the parent for all its legs

    @property
    def ended(self) -> bool:
        return self.status in TERMINAL_CALL


@dataclass
class Recording:
    account_sid: str
    call_sid: str
    duration_seconds: int
    channels: int
    source: str
    status: str = "processing"
    sid: str = field(default_factory=lambda: new_sid("RE"))
    created_at: datetime = field(default_factory=now)


@dataclass
class Account:
    sid: str
    auth_token: str
    secondary_token: str = ""  # counts like the other while the token is rotated; signs nothing before it is promoted
    friendly_name: str = "Emulated account"
    created_at: datetime = field(default_factory=now)


@dataclass
class NumberDefaults:
    """URLs for numbers that nobody configured. With a `voice_url` or `sms_url`, any dialled number exists."""

    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback: str = ""
    sms_url: str = ""

    def __bool__(self) -> bool:
        return bool(self.voice_url or self.sms_url)


class World:
    """All records, each collection in the order of creation."""

    def __init__(self, accounts: Iterable[Account], numbers: Iterable[Number], defaults: NumberDefaults) -> None:
        self.lock = threading.RLock()
        self.closed = threading.Event()
        self.accounts = {account.sid: account for account in accounts}
        self.numbers = {number.phone_number: number for number in numbers}
        self.number_defaults = defaults
        self.messages: dict[str, Message] = {}
        self.calls: dict[str, Call] = {}
        self.recordings: dict[str, Recording] = {}
        self.behaviours: dict[str, Behaviour] = {}  # by owner number; "" for every other
        self.destinations: dict[str, dict[str, float]] = {}  # by customer number: {"error": code} or {"delay": seconds}
        self.opted_out: set[tuple[str, str]] = set()  # (our number, customer)
        self.accepted: list[dict[str, Any]] = []
        self.attempts: list[dict[str, Any]] = []

    def main_account(self) -> Account:
        return next(iter(self.accounts.values()))

    def number_for(self, phone_number: str) -> Number | None:
        """Return the configured number; adopt an unknown one when there are default URLs."""
        with self.lock:
            number = self.numbers.get(phone_number)
            if number is None and self.number_defaults:
                number = self.numbers[phone_number] = Number(
                    account_sid=self.main_account().sid, phone_number=phone_number, **vars(self.number_defaults)
                )
            return number

    def pool(self, account_sid: str, messaging_service_sid: str) -> list[Number]:
        """Return the numbers of a Messaging Service, in the order in which they were added."""
        with self.lock:
            return [
                number
                for number in self.numbers.values()
                if (number.account_sid, number.messaging_service_sid) == (account_sid, messaging_service_sid)
            ]

    def behaviour_for(self, phone_number: str, of_call: dict[str, Behaviour]) -> Behaviour:
        """Return what this owner's phone does: as the call says, else the number's default, else nobody answers."""
        for source in (of_call, self.behaviours):
            for key in (phone_number, ""):
                if key in source:
                    return source[key]
        return Behaviour.parse("no_answer")

    def accept(self, kind: str, sid: str, facts: dict[str, str]) -> None:
        """Enter into the ledger that a message or call now exists."""
        with self.lock:
            entry = {"seq": len(self.accepted) + 1, "at": now().isoformat(), "kind": kind, "sid": sid} | facts
            self.accepted.append(entry)

    def attempted(self, operation: str, outcome: str, facts: dict[str, str | None]) -> None:
        """Remember one create request and what its sender got to see (`201`, `429`, `reset`, `no answer`…)."""
        with self.lock:
            entry = {"seq": len(self.attempts) + 1, "at": now().isoformat(), "operation": operation, "outcome": outcome}
            self.attempts.append(entry | facts)
