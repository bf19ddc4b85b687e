"""Virtual time. A call lives in its own clock, so that a twenty-second ring can take one second and still last twenty.

One thread runs one call as a small discrete-event loop: every phone is a generator that yields how long it waits.
Waiting for the product's answer is real work, so a webhook of 0.1 s advances the call's clock by 0.1 s at any speed.
"""

import heapq
import itertools
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

logger = logging.getLogger(__name__)

# A script yields seconds to wait and receives True when something woke it before they were over.
Script = Generator[float, bool, Any]

LONGEST_SLICE = 0.25  # real seconds; a change of speed is noticed this soon


class Pace:
    """How many virtual seconds pass in a real one. Shared by every call; may change while they run."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        if not 0 < value <= 10_000:
            raise ValueError("speed must be above 0 and at most 10000")
        self._speed = float(value)


class Task:
    """One phone's script inside a `Loop`."""

    def __init__(self, script: Script, due: float) -> None:
        self.script = script
        self.due = due
        self.started = False
        self.done = False
        self.woken = False
        self.error: Exception | None = None

    def advance(self, woken: bool, error: Exception | None) -> float:
        """Run the script to its next wait and return how long that is."""
        if error:
            return self.script.throw(error)
        if self.started:
            return self.script.send(woken)
        self.started = True
        return next(self.script)


class Loop:
    """The clock and the tasks of one call. Only `post` may be used from other threads."""

    def __init__(self, pace: Pace, stopped: threading.Event | None = None, outer: "Loop | None" = None) -> None:
        """`outer` is the call that waits for this one: a phone there has been forwarded here."""
        self.now = 0.0
        self._pace = pace
        self._stopped = stopped or threading.Event()
        self._outer = outer
        self._inner_at_work = 0
        self._lock = threading.Lock()
        self._tasks: list[Task] = []
        self._inbox: deque[Callable[[], None]] = deque()
        self._bell = threading.Event()

    def spawn(self, script: Script) -> Task:
        """Start `script` now; its first step runs when the current one waits."""
        task = Task(script, self.now)
        self._tasks.append(task)
        return task

    def wake(self, task: Task) -> None:
        """Let `task` go on at once; its `yield` gives True."""
        task.woken, task.due = True, self.now

    def throw(self, task: Task, error: Exception) -> None:
        """Raise `error` where `task` waits. The first error wins until it has been delivered."""
        if not task.done and task.error is None:
            task.error, task.due = error, self.now

    def kill(self, task: Task) -> None:
        """Stop `task` where it waits."""
        task.script.close()
        task.done = True

    def post(self, action: Callable[[], None]) -> None:
        """Run `action` in the loop's thread soon. Safe from any thread; ignored after the loop has ended."""
        self._inbox.append(action)
        self._bell.set()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Block this call for something real: its seconds count one to one, also in the calls that wait for it."""
        outer = list(self._outers())
        for loop in outer:
            loop._let_inner_work(1)
        started = time.monotonic()
        try:
            yield
        finally:
            self.now += time.monotonic() - started
            for loop in outer:
                loop._let_inner_work(-1)

    def run(self, main: Task) -> None:
        """Run until `main` is done, or everything is to stop; then stop the other tasks."""
        while not main.done and not self._stopped.is_set():
            self._bell.clear()
            while self._inbox:
                self._inbox.popleft()()
            self._tasks = [task for task in self._tasks if not task.done]
            task = min(self._tasks, key=lambda each: each.due)
            if self._reached(task.due):
                self._step(task)
        for task in self._tasks:
            if not task.done:
                self.kill(task)

    def _outers(self) -> "Iterator[Loop]":
        loop = self._outer
        while loop is not None:
            yield loop
            loop = loop._outer

    def _let_inner_work(self, change: int) -> None:
        with self._lock:
            self._inner_at_work += change
        self._bell.set()

    def _reached(self, due: float) -> bool:
        """Wait towards `due` for at most one slice of real time; tell whether it has come."""
        missing = due - self.now
        if missing <= 0:
            return True
        speed = 1.0 if self._inner_at_work else self._pace.speed
        real = min(missing / speed, LONGEST_SLICE)
        started = time.monotonic()
        rung = self._bell.wait(real)
        if not rung and real == missing / speed:
            self.now = due
            return True
        self.now += min(missing, (time.monotonic() - started) * speed)
        return False

    def _step(self, task: Task) -> None:
        woken, error = task.woken, task.error
        task.woken, task.error, task.due = False, None, math.inf
        try:
            seconds = task.advance(woken, error)
        except StopIteration:
            task.done = True
        except Exception:
            task.done = True
            logger.exception("a phone's script failed")
            raise
        else:
            # Something may have woken this very task while it ran; then it does not wait at all.
            if not task.woken and task.error is None:
                task.due = self.now + seconds


class Timers:
    """Runs callbacks after virtual seconds, in one background thread. Callbacks must be short."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="timers", daemon=True).start()

    def after(self, seconds: float, action: Callable[[], None], *, real: bool = False) -> None:
        """Run `action` in `seconds` of virtual (or real) time, at the speed of this moment."""
        due = time.monotonic() + (seconds if real else seconds / self._pace.speed)
        with self._changed:
            heapq.heappush(self._heap, (due, next(self._order), action))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._heap:
                    self._changed.wait()
                due, _, action = self._heap[0]
                missing = due - time.monotonic()
                if missing > 0:
                    self._changed.wait(missing)
                    continue
                heapq.heappop(self._heap)
            try:
                action()
            except Exception:  # one broken callback must not stop the others
                logger.exception("a timer failed")
