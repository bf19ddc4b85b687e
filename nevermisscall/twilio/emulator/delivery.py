"""Brings webhooks to the product: some while a caller waits, most in the background, in order for each call or message.

Knobs (`WebhookKnobs`) make every webhook repeated, concurrent, late or shuffled, so that tests can show that nothing
of this changes the outcome.
"""

import itertools
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nevermisscall.twilio.emulator.formats import new_sid
from nevermisscall.twilio.emulator.timeflow import Timers
from nevermisscall.twilio.emulator.webhooks import CAP_SECONDS, Answer, Hook, send
from nevermisscall.twilio.emulator.world import World

WORKERS = 32

Record = Callable[[Hook, Answer, int], None]  # the request, what came back, which copy it was (0: the original)


@dataclass(frozen=True)
class WebhookKnobs:
    """How webhooks misbehave. Seconds are real. `only` limits all of it to webhooks of these names."""

    duplicate: int = 0  # this many more copies, one after another, behind everything queued by then
    concurrent: int = 1  # this many copies at the same moment
    delay_seconds: float = 0.0  # before each request
    shuffle: bool = False  # background webhooks of a call or message are held to its end, then sent in random order
    seed: int = 0
    only: frozenset[str] = frozenset()
    cap_seconds: float = CAP_SECONDS

    @classmethod
    def parse(cls, given: dict[str, Any]) -> "WebhookKnobs":
        """Read JSON; raises ValueError that names what is wrong."""
        if unknown := set(given) - set(cls.__dataclass_fields__):
            raise ValueError(f"unknown webhook knob: {', '.join(sorted(unknown))}")
        knobs = cls(**{**given, "only": frozenset(given.get("only", ()))})
        if not (0 <= knobs.duplicate <= 100 and 1 <= knobs.concurrent <= 100 and 0 <= knobs.delay_seconds <= 600):
            raise ValueError("duplicate and concurrent are at most 100, delay_seconds at most 600")
        return knobs

    def for_hook(self, hook: Hook) -> "WebhookKnobs":
        return self if not self.only or hook.name in self.only else WebhookKnobs(cap_seconds=self.cap_seconds)


class _Strand:
    """The background webhooks of one call or message: one at a time, first in, first out."""

    def __init__(self) -> None:
        self.jobs: deque[tuple[float, Callable[[], None]]] = deque()
        self.held: list[tuple[float, Callable[[], None]]] = []
        self.running = False
        self.finished = False
        self.outstanding = 0


class Delivery:
    """The way out for every webhook of one world."""

    def __init__(self, world: World, timers: Timers) -> None:
        self.knobs = WebhookKnobs()
        self._world = world
        self._timers = timers
        self._strands: dict[str, _Strand] = {}
        self._changed = threading.Condition()
        self._ready: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._random = random.Random(0)  # noqa: S311 - order of test traffic, not a secret
        self._workers = itertools.count()
        self._in_flight = 0

    def close(self, patience_seconds: float = 2.0) -> None:
        """Start no further request, and wait for those under way: afterwards nothing arrives any more."""
        with self._changed:
            self._world.closed.set()
            self._changed.wait_for(lambda: self._in_flight == 0, patience_seconds)

    def set_knobs(self, knobs: WebhookKnobs) -> None:
        self.knobs = knobs
        self._random = random.Random(knobs.seed)  # noqa: S311 - as above

    def request(self, key: str, hook: Hook, auth_token: str, record: Record) -> Answer:
        """Make a request whose answer someone waits for; copies that the knobs ask for change nothing in it."""
        knobs = self.knobs.for_hook(hook)
        copies = [self._copy(hook) for _ in range(knobs.concurrent - 1)]
        threads = [
            threading.Thread(target=self._send, args=(copy, auth_token, record, number), daemon=True)
            for number, copy in enumerate(copies, 1)
        ]
        for thread in threads:
            thread.start()
        answer = self._send(hook, auth_token, record, 0, knobs.delay_seconds)
        for thread in threads:
            thread.join()
        self._repeat(key, hook, auth_token, record, knobs)
        return answer

    def post(self, key: str, hook: Hook, auth_token: str, record: Record) -> None:
        """Queue a request that nobody waits for, behind the earlier ones of the same `key`."""
        knobs = self.knobs.for_hook(hook)

        def job() -> None:
            copies = [
                threading.Thread(target=self._send, args=(self._copy(hook), auth_token, record, number), daemon=True)
                for number in range(1, knobs.concurrent)
            ]
            for copy in copies:
                copy.start()
            self._send(hook, auth_token, record, 0)
            for copy in copies:
                copy.join()

        self._add(key, job, knobs)
        self._repeat(key, hook, auth_token, record, knobs)

    def hold(self, key: str) -> None:
        """Count one more thing to come for `key`; `release` takes it back. Until then `key` is not settled."""
        with self._changed:
            self._strands.setdefault(key, _Strand()).outstanding += 1

    def release(self, key: str) -> None:
        with self._changed:
            self._strands[key].outstanding -= 1
            self._changed.notify_all()

    def finish(self, key: str) -> None:
        """Say that nothing follows for `key`: webhooks held for shuffling leave now."""
        with self._changed:
            strand = self._strands.setdefault(key, _Strand())
            self._random.shuffle(strand.held)
            strand.jobs.extend(strand.held)
            strand.held = []
            strand.finished = True
            self._start(key, strand)

    def settled(self, key: str) -> bool:
        """Tell whether every webhook of `key` has been delivered."""
        with self._changed:
            strand = self._strands.get(key)
            return strand is None or strand.outstanding == 0

    def _copy(self, hook: Hook) -> Hook:
        return replace(hook, idempotency_token=hook.idempotency_token or new_sid(""))

    def _repeat(self, key: str, hook: Hook, auth_token: str, record: Record, knobs: WebhookKnobs) -> None:
        for number in range(1, knobs.duplicate + 1):
            copy = self._copy(hook)
            self._add(key, lambda copy=copy, number=number: self._send(copy, auth_token, record, number), knobs)  # type: ignore[misc]

    def _add(self, key: str, job: Callable[[], Any], knobs: WebhookKnobs) -> None:
        with self._changed:
            strand = self._strands.setdefault(key, _Strand())
            strand.outstanding += 1
            entry = (time.monotonic() + knobs.delay_seconds, job)
            if knobs.shuffle and not strand.finished:
                strand.held.append(entry)
            else:
                strand.jobs.append(entry)
                self._start(key, strand)

    def _start(self, key: str, strand: _Strand) -> None:
        if strand.jobs and not strand.running:
            strand.running = True
            if next(self._workers) < WORKERS:
                threading.Thread(target=self._work, name="webhooks", daemon=True).start()
            self._ready.put(key)

    def _work(self) -> None:
        while not self._world.closed.is_set():
            try:
                key = self._ready.get(timeout=1)
            except queue.Empty:
                continue
            with self._changed:
                due, job = self._strands[key].jobs[0]
            if (wait := due - time.monotonic()) > 0:
                self._timers.after(wait, lambda key=key: self._ready.put(key), real=True)  # type: ignore[misc]
                continue
            try:
                job()
            finally:
                self._done(key)

    def _done(self, key: str) -> None:
        with self._changed:
            strand = self._strands[key]
            strand.jobs.popleft()
            strand.outstanding -= 1
            strand.running = False
            self._start(key, strand)
            self._changed.notify_all()

    def _send(self, hook: Hook, auth_token: str, record: Record, copy: int, delay_seconds: float = 0.0) -> Answer:
        if delay_seconds:
            time.sleep(delay_seconds)
        with self._changed:
            if self._world.closed.is_set():
                return Answer(None, hook.url)
            self._in_flight += 1
        try:
            answer = send(hook, auth_token, cap_seconds=self.knobs.cap_seconds)
            record(hook, answer, copy)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()
        return answer
