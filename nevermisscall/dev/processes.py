"""Starting, recognising and ending child processes, and finding ports for them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LEASH = Path(__file__).with_name("leash.py")


class DevelopmentError(Exception):
    """The stack cannot start; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """The system account a child runs under."""

    uid: int
    gid: int


def start_leashed(
    command: list[str],
    *,
    death_signal: signal.Signals,
    cwd: Path,
    env: Mapping[str, str],
    output: IO[bytes] | int,
    account: Account | None = None,
    pass_fds: Collection[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` so that it gets `death_signal` when this process ends in any way. Its pid is the command's own.

    Call it from the main thread: the kernel takes the end of the *thread* that forked for the parent's death.
    The child has its own session, so Ctrl-C reaches only us and we decide the order of stopping.
    """
    user = account or Account(-1, -1)
    leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(death_signal))]
    return subprocess.Popen(
        [*leash, str(user.uid), str(user.gid), *command],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=pass_fds,
    )


def stop(process: subprocess.Popen[bytes], steps: Iterable[tuple[signal.Signals, float]]) -> None:
    """Send each signal and wait that many seconds for the end; SIGKILL comes last, to the whole process group.

    A process already waited for is left alone: its pid may be another's by now.
    """
    if process.returncode is not None:
        return
    for number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def is_running(pid: int) -> bool:
    """Return whether the process does anything; a zombie (ended, not waited for) does not."""
    if pid < 1:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def belongs_to(pid: int, directory: Path) -> bool:
    """Return whether the process works in `directory` or names it on its command line; a reused pid does neither."""
    proc = Path(f"/proc/{pid}")
    if proc.is_dir():
        try:
            if (proc / "cwd").readlink().is_relative_to(directory):
                return True
            arguments = (proc / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return False
        return str(directory) in arguments
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S607
    return str(directory) in answer.stdout.split()


def end_leftover(pid_file: Path, directory: Path, *, first: signal.Signals) -> None:
    """End what a crashed earlier run left in `directory` and remove its pid file.

    The caller holds the directory's lock. Someone else's process that has got the same pid is left alone.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        pid = 0
    if pid > 1 and belongs_to(pid, directory):
        for number in (first, signal.SIGKILL):
            deadline = time.monotonic() + 6
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                break
            while is_running(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
            if not is_running(pid):
                break
    pid_file.unlink(missing_ok=True)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now. Another process may take it first: callers try again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Return whether nobody listens on this port of 127.0.0.1 (or of every address)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
