"""Runs one of the product's programs with failpoints: places in its code where the process dies, raises or waits.

    FAILPOINTS="nevermisscall.outbox.work:claim after kill 3" python -m tests.faults.failpoints celery -A …

The product knows nothing of it: the named function is wrapped when its module is imported. Several are separated by
`;`. Each is `module:function before|after ACTION [WHEN]`:

- actions: `kill` (SIGKILL to this process), `sleep=SECONDS`, `raise=module:Exception`
- WHEN: `3` the third time only, `3+` from the third time, `5%` at random (seeded by FAILPOINTS_SEED); else every time
"""

import functools
import importlib
import importlib.abc
import importlib.machinery
import os
import random
import runpy
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any


class Failpoint:
    """One place, and what happens there."""

    def __init__(self, text: str) -> None:
        place, self.side, action, *when = text.split()
        self.module, self.function = place.split(":")
        self.action, _, self.argument = action.partition("=")
        self.when = when[0] if when else "1+"
        if self.side not in {"before", "after"} or self.action not in {"kill", "sleep", "raise"}:
            raise SystemExit(
                f"failpoint {text!r}: expected 'module:function before|after kill|sleep=S|raise=M:E [WHEN]'"
            )
        self._random = random.Random(os.environ.get("FAILPOINTS_SEED", "0"))
        self._passed = 0
        self._lock = threading.Lock()

    def install(self, module: ModuleType) -> None:
        """Wrap the function in its module or class."""
        *path, name = self.function.split(".")
        owner: Any = functools.reduce(getattr, path, module)
        function = getattr(owner, name)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if self.side == "before":
                self._pass()
            result = function(*args, **kwargs)
            if self.side == "after":
                self._pass()
            return result

        setattr(owner, name, wrapped)

    def _pass(self) -> None:
        if not self._is_now():
            return
        if self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.action == "sleep":
            time.sleep(float(self.argument))
        else:
            module, name = self.argument.split(":")
            raise getattr(importlib.import_module(module), name)("failpoint")

    def _is_now(self) -> bool:
        with self._lock:
            self._passed += 1
            if self.when.endswith("%"):
                return self._random.random() * 100 < float(self.when[:-1])
            number = int(self.when.rstrip("+"))
            return self._passed >= number if self.when.endswith("+") else self._passed == number


class Finder(importlib.abc.MetaPathFinder):
    """Lets modules be found as ever, and installs their failpoints once they are loaded."""

    def __init__(self, failpoints: list[Failpoint]) -> None:
        self._of = {each.module: [f for f in failpoints if f.module == each.module] for each in failpoints}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self._of:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = self._and_install(spec.loader.exec_module, name)  # type: ignore[method-assign]
        return spec

    def _and_install(self, load: Callable[[ModuleType], None], name: str) -> Callable[[ModuleType], None]:
        def exec_module(module: ModuleType) -> None:
            load(module)
            for failpoint in self._of[name]:
                failpoint.install(module)

        return exec_module


def main() -> None:
    """Run the program named by the arguments."""
    points = [Failpoint(text) for text in os.environ["FAILPOINTS"].split(";") if text.strip()]
    sys.meta_path.insert(0, Finder(points))
    sys.path.insert(0, os.getcwd())
    program = shutil.which(sys.argv[1])
    if program is None:
        raise SystemExit(f"{sys.argv[1]}: not found on PATH")
    sys.argv = sys.argv[1:]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
