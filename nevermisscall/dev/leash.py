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
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
# By what a shell script starts with `&`. Inherited, it would cost a command that has no handler yet the request to end.
IGNORED_IN_THE_BACKGROUND = (signal.SIGINT, signal.SIGQUIT)


def main(arguments: list[str]) -> None:
    """Become the command. Exits 1 when the parent is already gone, 127 when the command cannot be executed."""
    parent, death_signal, uid, gid = (int(value) for value in arguments[:4])
    command = arguments[4:]
    for ignored in (*IGNORED_BY_PYTHON, *IGNORED_IN_THE_BACKGROUND):
        signal.signal(ignored, signal.SIG_DFL)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # It died before we asked.
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
