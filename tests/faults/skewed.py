"""Runs one of the product's programs on a host whose clock is wrong, and can be set while it runs.

    echo 600 > FILE; python -m tests.faults.skewed FILE celery -A …

FILE holds how many seconds the clock is ahead; it is read five times a second, in every process that the program forks
too. The monotonic clock goes on, as it does when NTP sets the other one.
"""

import os
import runpy
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import time_machine

_travel: Any = None
_ahead = 0.0


def set_clock(ahead: float) -> None:
    """Be so many seconds ahead from now on."""
    global _travel, _ahead
    if _travel is not None:
        if ahead == _ahead:
            return
        _travel.stop()
    _ahead = ahead
    _travel = time_machine.travel(time.time() + ahead, tick=True)
    _travel.start()


def follow(file: Path) -> None:
    """Do as the file says, in a thread."""

    def run() -> None:
        while True:
            time.sleep(0.2)
            set_clock(float(file.read_text()))

    threading.Thread(target=run, name="skew", daemon=True).start()


def main() -> None:
    """Run the program named by the arguments."""
    file, name = Path(sys.argv[1]), sys.argv[2]
    set_clock(float(file.read_text()))
    follow(file)
    os.register_at_fork(after_in_child=lambda: follow(file))
    sys.path.insert(0, os.getcwd())
    program = shutil.which(name)
    if program is None:
        raise SystemExit(f"{name}: not found on PATH")
    sys.argv = sys.argv[2:]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
