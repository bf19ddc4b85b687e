"""Exec-wrapper: the command it becomes dies with the process that started it, even when that one is SIGKILLed.

    python -I -S leash.py PARENT_PID DEATH_SIGNAL UID GID COMMAND [ARGUMENT…]

A runner cannot clean up after its own `kill -9`, so the kernel does it: on Linux the child asks for a signal at its
parent's death (prctl(2), PR_SET_PDEATHSIG). Elsewhere the command simply runs, and the next start finds left-overs by
their pid files. UID and GID are -1, or the account to become first: changing it later would clear the request.

A separate little program rather than `preexec_fn`, because code between fork and exec can deadlock when the starting
process has threads. Standard library only and no `site`: it adds about 20 ms.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the command. Exits 1 when the parent is already gone, 127 when the command cannot be executed."""
    parent, death_signal, uid, gid = (int(value) for value in arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # It died before we asked.
        sys.exit(1)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
