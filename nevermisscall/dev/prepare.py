"""Second step of a start, in a process of its own: migrate, make the demo business and the admin login.

    python -m nevermisscall.dev.prepare FILE

Repeat-safe. FILE (0600) receives `{"tenant_id", "number_id", "user_id", "api_key", "admin_password"}`. The database has
only hashes of key and password, so later starts read them from there; the password is null once somebody changed it.
"""

import io
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from nevermisscall.dev.stack import DEMO_BUSINESS, DEMO_NUMBER, DEMO_OWNER

ADMIN = "admin"


def prepare(file: Path) -> None:
    """Bring the database of DATABASE_URL up to date and write what the demo needs to `file`."""
    call_command("migrate", interactive=False, verbosity=0)
    known = _read(file)
    business = known if _opens_the_demo_business(known) else _demo_business()
    _write(file, {**business, "admin_password": _admin(known.get("admin_password"))})


def _opens_the_demo_business(known: dict[str, Any]) -> bool:
    """Return whether the key of an earlier start works; the business then stays as somebody may have changed it."""
    from tenants.models import ApiKey

    key = ApiKey.objects.filter(key_hash=ApiKey.digest(known.get("api_key") or "")).first()
    return key is not None and key.is_usable() and key.tenant_id == known.get("tenant_id")


def _demo_business() -> dict[str, Any]:
    answer = io.StringIO()
    options = {
        "--name": DEMO_BUSINESS,
        "--number": DEMO_NUMBER,
        "--forward-to": DEMO_OWNER,
        "--timezone": "America/New_York",
        "--trade": "plumbing",
    }
    call_command("create_tenant", *(part for option in options.items() for part in option), "--json", stdout=answer)
    found: dict[str, Any] = json.loads(answer.getvalue())
    return found


def _admin(known_password: str | None) -> str | None:
    """Return the password of the admin, creating that user if need be; None when somebody changed it."""
    from django.contrib.auth.models import User

    user = User.objects.filter(username=ADMIN).first()
    if user is None:
        password = known_password or secrets.token_urlsafe(12)
        User.objects.create_superuser(username=ADMIN, password=password)
        return password
    return known_password if known_password and user.check_password(known_password) else None


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(file: Path, values: dict[str, Any]) -> None:
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(values, indent=2) + "\n")
    partial.rename(file)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nevermisscall.settings")
    django.setup()
    from django.db import OperationalError

    from nevermisscall.lib.database import explanation, is_away

    try:
        prepare(Path(sys.argv[1]))
    except OperationalError as error:
        if not is_away(error):
            raise
        sys.exit(explanation(error))
