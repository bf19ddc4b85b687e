"""Makes `.venv` with exactly the locked dependencies; does nothing when it has them already.

    python3 nevermisscall/dev/install.py

Runs on the bare system Python, so it uses the standard library only and an older interpreter can read it too.
"""

import fcntl
import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "dev.txt"
STAMP = VENV / "installed"


def main() -> None:
    """Install, or exit with one sentence that says what is missing."""
    if sys.version_info < (3, 11):  # noqa: UP036 - not every system Python is one we support
        found = ".".join(str(part) for part in sys.version_info[:2])
        sys.exit(f"NeverMissCall needs Python 3.11 or newer, this is {found}: try `make PYTHON=python3.12 …`.")
    VENV.mkdir(exist_ok=True)
    with (VENV / "lock").open("ab") as lock:  # `make run` and `make test` may start together.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = f"{sys.version} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
        if STAMP.exists() and STAMP.read_text() == wanted and _works():
            return
        print("Installing the locked dependencies into .venv: half a minute with a fast package index.", flush=True)
        STAMP.unlink(missing_ok=True)
        _install(_make_venv())
        STAMP.write_text(wanted)


def _works() -> bool:
    """Return whether the environment's interpreter still runs; a system upgrade may have taken it away."""
    return PYTHON.exists() and subprocess.run([str(PYTHON), "-c", "pass"], capture_output=True).returncode == 0


def _make_venv() -> list[str]:
    """Create the environment if need be and return the command of a pip that installs into it."""
    bundled = importlib.util.find_spec("ensurepip") is not None
    if not bundled and importlib.util.find_spec("pip") is None:
        sys.exit("This Python comes without pip: install your system's `python3-venv` (or `python3-pip`) package.")
    if not _works() or (bundled and not (VENV / "bin" / "pip").exists()):
        options = ["--clear"] if (VENV / "bin").exists() else []
        _run([sys.executable, "-m", "venv", *options, *([] if bundled else ["--without-pip"]), str(VENV)])
    return [str(PYTHON), "-m", "pip"] if bundled else [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def _install(pip: list[str]) -> None:
    """Install what the lock names. It is complete, so nothing is resolved; modules are compiled when first imported."""
    options = ["-qq", "--disable-pip-version-check", "--no-input", "--no-deps", "--no-compile", "--require-hashes"]
    _run([*pip, "install", *options, "-r", str(LOCK)])


def _run(command: list[str]) -> None:
    code = subprocess.run(command).returncode
    if code:
        sys.exit(f"This failed with exit code {code}: {' '.join(command)}")


if __name__ == "__main__":
    main()
