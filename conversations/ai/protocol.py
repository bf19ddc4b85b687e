"""What every dispatcher is asked, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Protocol

EMERGENCY, URGENT, NORMAL, LOW = "emergency", "urgent", "normal", "low"
URGENCY_LEVELS = (EMERGENCY, URGENT, NORMAL, LOW)

CUSTOMER, AI, USER = "customer", "ai", "user"  # who wrote a line; our automatic texts count as the AI's


@dataclass(frozen=True, slots=True)
class Line:
    """One text of the conversation."""

    sender_type: str
    body: str
    sent_at: datetime
    media: tuple[str, ...] = ()  # content types of pictures and files, such as image/jpeg


@dataclass(frozen=True, slots=True)
class Slot:
    """A time for a visit; aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Business:
    """Whom the dispatcher speaks for."""

    name: str
    trade: str  # plumbing, electrical, hvac, locksmith, roofing, general, or another word
    language: str  # en or es
    timezone: str
    service_area: str  # towns or postal codes, in words; blank: not said
    job_estimates: Mapping[str, Any]  # the only prices that may be named: job → words or number
    hours: Sequence[tuple[int, time, time]]  # weekday (Monday 0), opens, closes; wall clock; none: always open
    closures: Sequence[tuple[date, date]]  # first and last closed day
    contacts: Sequence[str] = ()  # its phone numbers and web addresses: the only ones that may be named


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a dispatcher: what does the customer get told now?

    `messages` is the window of newest lines, oldest first; `summary` and `job` carry what came before it. `free_slots`
    are times that are free now; nothing else may be promised. `appointment` is a visit that the customer has open.
    """

    conversation_id: int
    tenant_id: int
    messages: Sequence[Line]
    business: Business
    now: datetime
    language: str  # the customer's: en or es
    free_slots: Sequence[Slot] = ()
    busy: Sequence[Slot] = ()
    appointment: Slot | None = None
    appointment_status: str = ""  # requested or confirmed, of `appointment`
    customer_name: str = ""
    customer_phone: str = ""
    job: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    urgency_level: str = NORMAL
    bypass_timer: bool = False  # an emergency does not wait for its minute
    introduced: bool = False  # a text before `messages` said already that an automated assistant writes

    @property
    def priority(self) -> str:
        """`emergency` or `normal`."""
        return EMERGENCY if self.urgency_level == EMERGENCY else NORMAL


@dataclass(frozen=True, slots=True)
class Answer:
    """What a dispatcher makes of the conversation."""

    message_to_customer: str  # blank: there is nothing left to say
    job_type: str  # <trade>_<what>, such as plumbing_drain; blank: not known yet
    urgency_level: str
    confidence: float  # 0 to 1
    emergency_detected: bool = False
    job: Mapping[str, str] = field(default_factory=dict)  # all that is known: problem, address, name, when…
    appointment: Slot | None = None  # the slot the customer chose; one of `free_slots`
    conversation_complete: bool = False
    outcome: str = ""  # of a complete one: booked, resolved, referred or spam
    summary: str = ""
    language: str = ""  # the customer's, if they switched
    needs_human: bool = False  # the dispatcher does not know; the owner is told


class Fault(StrEnum):
    """Why a dispatcher's answer could not be used."""

    TIMEOUT = "timeout"  # nothing, or not all of it, within the deadline
    UNREACHABLE = "unreachable"  # no connection, or it broke
    UNAVAILABLE = "unavailable"  # it says that it cannot now: 429 and 5xx
    REFUSED = "refused"  # it does not take the request: another 4xx, such as a wrong key
    BROKEN = "broken"  # the answer is not what was agreed on
    UNSURE = "unsure"  # its confidence is too low
    UNSAFE = "unsafe"  # the guard does not let its text out
    OPEN = "open"  # not asked: its circuit breaker is open
    CRASHED = "crashed"  # a bug


class DispatcherError(Exception):
    """This dispatcher has no usable answer: the next one is asked. The message says why, without customers' words."""

    def __init__(self, message: str, *, fault: Fault = Fault.BROKEN) -> None:
        super().__init__(message)
        self.fault = fault


class Dispatcher(Protocol):
    """Something that answers customers."""

    @property
    def name(self) -> str:
        """Its name in logs and on /health."""
        ...

    def answer(self, request: Request, *, deadline: float) -> Answer:
        """Return the answer within `deadline` seconds; raises `DispatcherError`."""
        ...
