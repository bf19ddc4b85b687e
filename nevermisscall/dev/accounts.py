"""PostgreSQL refuses to run as root: which account it runs under then, and which directories that account can enter.

The files of a checkout below a private directory (`/root`, mode 0700) are out of its reach, and opening up somebody's
home directory is not ours to do. Data and binaries then live below `shared_home()`.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import stat
from pathlib import Path

from nevermisscall.dev.processes import Account, DevelopmentError


def service_account(data_dir: Path) -> Account | None:
    """Return the account for a server with this data directory, or None for our own.

    Root becomes the owner of existing data (somebody ran this as a plain user before), else `nobody`, which every
    system has; no account is created on anybody's machine.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and (owner := data_dir.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise DevelopmentError(
            "PostgreSQL does not run as root and this system has no account `nobody`: run as a plain user, or set "
            "DATABASE_URL."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def can_use(path: Path, account: Account | None) -> bool:
    """Return whether the account may read `path` and enter every directory above it."""
    if account is None:
        return True
    return _may(path, account, stat.S_IROTH) and all(_may(parent, account, stat.S_IXOTH) for parent in path.parents)


def can_enter(directory: Path, account: Account | None) -> bool:
    """Return whether the account may go through `directory` and every directory above it."""
    return account is None or all(_may(step, account, stat.S_IXOTH) for step in (directory, *directory.parents))


def _may(path: Path, account: Account, bit: int) -> bool:
    """Compare the one applicable class of mode bits; `bit` is that of "others"."""
    found = path.stat()
    if found.st_uid == account.uid:
        bit <<= 6
    elif found.st_gid == account.gid:
        bit <<= 3
    return bool(found.st_mode & bit)


def shared_home() -> Path:
    """Return a directory of root's, outlasting reboots, that other accounts can go through but not list or write."""
    home = Path("/var/tmp/nevermisscall")  # noqa: S108 - ownership is checked right below
    home.mkdir(mode=0o711, exist_ok=True)
    found = home.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise DevelopmentError(f"{home} is not a directory only root can write to: remove it, or set DATABASE_URL.")
    home.chmod(0o711)
    return home


def relocated(home: Path) -> Path:
    """Return where the data of `home` lives when the service account cannot reach it.

    The same at every start, as long as `home` exists: a file in it says where. Data whose home is gone is deleted.
    """
    pointer = home / "postgres-is-elsewhere"
    if pointer.exists():
        return Path(pointer.read_text())
    for back in shared_home().glob("data-*.home"):
        _remove_abandoned(back.with_suffix(""), Path(back.read_text()) / pointer.name)
    data = shared_home() / f"data-{secrets.token_hex(8)}"
    pointer.write_text(str(data))
    data.with_suffix(".home").write_text(str(home))
    return data


def _remove_abandoned(data: Path, pointer: Path) -> None:
    in_use = pointer.exists() and pointer.read_text() == str(data)
    if not in_use and not (data / "postmaster.pid").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.with_suffix(".home").unlink(missing_ok=True)


def reachable_copy(root: Path, parts: list[str]) -> Path:
    """Copy these directories below `root` to where every account can use them, and return the copy's root.

    Their places relative to each other stay: programs find their libraries by them. About 40 MB for PostgreSQL's wheel,
    once for each installation of it.
    """
    first = root / parts[0]
    stamp = f"{first}:{first.stat().st_mtime_ns}"
    target = shared_home() / f"programs-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"
    if not target.exists():
        _remove_outdated_copies()
        partial = target.with_name(f"{target.name}-{os.getpid()}")
        for part in parts:
            shutil.copytree(root / part, partial / part, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            partial.rename(target)
        except OSError:  # Another start finished first.
            shutil.rmtree(partial)
        target.with_suffix(".from").write_text(stamp)
    return target


def _remove_outdated_copies() -> None:
    """Delete copies of installations that have been replaced or deleted since."""
    for origin in shared_home().glob("programs-*.from"):
        source, _, changed_at = origin.read_text().rpartition(":")
        if not Path(source).exists() or str(Path(source).stat().st_mtime_ns) != changed_at:
            shutil.rmtree(origin.with_suffix(""), ignore_errors=True)
            origin.unlink(missing_ok=True)
