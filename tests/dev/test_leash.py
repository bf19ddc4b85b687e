"""A leashed process cannot outlive the one that started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nevermisscall.dev.processes import LEASH, is_running, start_leashed, stop
from tests.dev.conftest import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [sys.executable, "-uc", "import signal, time; signal.signal(15, signal.SIG_IGN); print(); time.sleep(60)"]


def leashed(command: list[str], tmp_path) -> "subprocess.Popen[bytes]":
    return start_leashed(command, death_signal=signal.SIGKILL, cwd=tmp_path, env=os.environ, output=subprocess.PIPE)


def test_a_command_without_a_living_parent_does_not_start():
    done = subprocess.run([sys.executable, str(LEASH), "1", "9", "-1", "-1", "echo", "started"], capture_output=True)

    assert (done.returncode, done.stdout) == (1, b"")


def test_a_missing_command_says_so():
    done = subprocess.run(
        [sys.executable, str(LEASH), str(os.getpid()), "9", "-1", "-1", "/no/such/command"], capture_output=True
    )

    assert done.returncode == 127
    assert b"/no/such/command: No such file" in done.stderr


def test_the_child_dies_with_its_parent(start_python, tmp_path):
    parent = start_python(
        "import os, signal, subprocess, sys, time\n"
        "from pathlib import Path\n"
        "from nevermisscall.dev.processes import start_leashed\n"
        "options = {'death_signal': signal.SIGKILL, 'cwd': Path.cwd(), 'env': os.environ}\n"
        "child = start_leashed(['sleep', '60'], output=subprocess.DEVNULL, **options)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    child = int(parent.stdout.readline())

    parent.kill()

    assert eventually(lambda: not is_running(child))


def test_stop_ends_a_process_that_ignores_the_polite_signal(tmp_path):
    process = leashed(STUBBORN, tmp_path)
    with process.stdout as shown:
        shown.readline()
        stop(process, [(signal.SIGTERM, 0.2)])

    assert process.returncode == -signal.SIGKILL


def test_a_zombie_does_not_count_as_running(tmp_path):
    process = leashed(SLEEP, tmp_path)
    process.kill()

    assert eventually(lambda: not is_running(process.pid))
    process.communicate()


def test_it_can_be_ended_although_a_script_started_us_in_the_background(tmp_path):
    """Shells have what they start with `&` ignore SIGQUIT, which is how gunicorn is asked to end."""
    before = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        process = leashed(["sleep", "60"], tmp_path)
    finally:
        signal.signal(signal.SIGQUIT, before)
    assert eventually(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n")
    process.send_signal(signal.SIGQUIT)
    process.communicate(timeout=30)

    assert process.returncode == -signal.SIGQUIT
