"""One dispatcher after another until one has an answer that may leave; the last one always has.

The configured dispatcher is asked first, then `rules`, then the customer is told that the message has arrived.
"""

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, runtime_checkable

from conversations.ai import guards
from conversations.ai.acknowledgement import Acknowledgement
from conversations.ai.breaker import Breaker, Snapshot
from conversations.ai.protocol import (
    EMERGENCY,
    Answer,
    Dispatcher,
    DispatcherError,
    Fault,
    Request,
)

DEADLINE_SECONDS = 8.0
REMOTE_SECONDS = 6.0  # of those
# These say nothing about whether the service works: it answered.
_ABOUT_THE_ANSWER = frozenset({Fault.UNSURE, Fault.UNSAFE})

logger = logging.getLogger(__name__)


class Health(StrEnum):
    """What /health says of `dispatchbot_ai` after a turn."""

    OK = "ok"
    DEGRADED = "degraded"  # a dispatcher does not work; another one answered
    DOWN = "down"  # nobody could answer; the customer was told that the message has arrived


@runtime_checkable
class Closeable(Protocol):
    """A dispatcher that keeps connections."""

    def close(self) -> None:
        """Close them."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """A dispatcher with its share of the time, and a breaker if it is elsewhere."""

    dispatcher: Dispatcher
    deadline: float = DEADLINE_SECONDS
    breaker: Breaker | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a dispatcher's answer was not used. No customer's words are in it."""

    dispatcher: str
    fault: Fault
    message: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the chain found: an answer whose text may leave, who gave it, and who could not."""

    answer: Answer
    given_by: str
    failures: tuple[Failure, ...]
    seconds: float
    breakers: dict[str, Snapshot]

    @property
    def health(self) -> Health:
        """How well the dispatchers work, so far as this turn shows."""
        if self.given_by == Acknowledgement.name:
            return Health.DOWN
        is_broken = any(failure.fault not in _ABOUT_THE_ANSWER for failure in self.failures)
        return Health.DEGRADED if is_broken else Health.OK


class Chain:
    """The dispatchers in the order in which they are asked. Many threads may use one.

    `observe` is called with every turn, in the thread that made it: there a higher layer keeps the newest health for
    all processes, counts, and alerts. What it raises is logged and harms nothing.
    """

    def __init__(
        self,
        links: Sequence[Link],
        *,
        deadline: float = DEADLINE_SECONDS,
        observe: Callable[[Turn], None] | None = None,
    ) -> None:
        self._links = tuple(links)
        self._deadline = deadline
        self._observe = observe

    def answer(self, request: Request) -> Turn:
        """Return an answer whose text may leave, within the deadline; never raises for what a dispatcher does.

        An emergency stays one: neither a calmer dispatcher nor one whose text may not leave lowers it.
        """
        started = time.monotonic()
        failures: list[Failure] = []
        seen: list[Answer] = []
        for link in (*self._links, Link(Acknowledgement())):
            left = self._deadline - (time.monotonic() - started)
            try:
                answer = self._ask(link, request, left, seen)
            except DispatcherError as error:
                failures.append(_failed(link, error))
                continue
            turn = Turn(
                answer=_raised(answer, request, seen),
                given_by=link.dispatcher.name,
                failures=tuple(failures),
                seconds=time.monotonic() - started,
                breakers=self.breakers(),
            )
            self._tell(turn)
            return turn
        raise AssertionError("the acknowledgement always answers")

    def breakers(self) -> dict[str, Snapshot]:
        """Return this process's breakers, by the name of their dispatcher."""
        return {link.dispatcher.name: link.breaker.snapshot() for link in self._links if link.breaker}

    def close(self) -> None:
        """Close the connections that dispatchers elsewhere keep."""
        for link in self._links:
            if isinstance(link.dispatcher, Closeable):
                link.dispatcher.close()

    def _ask(self, link: Link, request: Request, left: float, seen: list[Answer]) -> Answer:
        if left <= 0 and link.dispatcher.name != Acknowledgement.name:
            raise DispatcherError("no time was left for it", fault=Fault.TIMEOUT)
        if link.breaker and not link.breaker.allows():
            raise DispatcherError("left alone after failures in a row", fault=Fault.OPEN)
        try:
            answer = link.dispatcher.answer(request, deadline=min(left, link.deadline))
        except DispatcherError as error:
            _report(link.breaker, error)
            raise
        except Exception as error:  # one dispatcher's bug must not leave the customer without an answer
            crash = DispatcherError(f"{type(error).__name__} {_place(error)}", fault=Fault.CRASHED)
            _report(link.breaker, crash)
            raise crash from None
        _report(link.breaker, None)
        seen.append(answer)
        if answer.appointment is not None and answer.appointment not in request.free_slots:
            raise DispatcherError("the visit it chose is not one of the free slots")
        guarded = guards.check(answer, request)
        if guarded.violations and link.dispatcher.name != Acknowledgement.name:
            raise DispatcherError(f"its text breaks rules: {', '.join(guarded.violations)}", fault=Fault.UNSAFE)
        return replace(answer, message_to_customer=guarded.text)

    def _tell(self, turn: Turn) -> None:
        if self._observe is None:
            return
        try:
            self._observe(turn)
        except Exception:  # the customer's answer is worth more than the count of it
            logger.exception("the observer of the dispatchers failed")


def _report(breaker: Breaker | None, error: DispatcherError | None) -> None:
    if breaker is None:
        return
    if error is None or error.fault in _ABOUT_THE_ANSWER:
        breaker.succeeded()
    else:
        breaker.failed(f"{error.fault}: {error}")


def _failed(link: Link, error: DispatcherError) -> Failure:
    logger.log(
        logging.ERROR if error.fault == Fault.CRASHED else logging.WARNING,
        "a dispatcher has no answer",
        extra={"dispatcher": link.dispatcher.name, "fault": str(error.fault), "error": str(error)},
    )
    return Failure(link.dispatcher.name, error.fault, str(error))


def _raised(answer: Answer, request: Request, seen: Sequence[Answer]) -> Answer:
    """Return `answer`, an emergency if it was one before this turn or if any of the answers `seen` says so."""
    is_detected = any(each.emergency_detected for each in seen)
    level = EMERGENCY if is_detected or request.urgency_level == EMERGENCY else answer.urgency_level
    return replace(answer, urgency_level=level, emergency_detected=is_detected)


def _place(error: Exception) -> str:
    """Return where `error` was raised. Its message may hold a customer's words and stays out of the log."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"at {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
