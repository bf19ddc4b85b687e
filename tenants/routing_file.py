"""The routing snapshot as a file in JOURNAL_DIR, for a web process that starts while PostgreSQL is away.

Encrypted with FIELD_ENCRYPTION_KEYS, since it holds the tokens of businesses' own accounts; those of the environment
are left out. Every web process writes the same.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, time
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings

from nevermisscall.lib import crypto, safe_files
from tenants.routes import Account, Route, platform_account

logger = logging.getLogger(__name__)

_written = ""  # digest of what this process wrote last


def path() -> Path:
    """Return where it is."""
    return Path(settings.JOURNAL_DIR) / "routing"


def write(routes: Iterable[Route]) -> None:
    """Replace the file, unless it holds this already. Raises `OSError`."""
    global _written
    text = json.dumps([_values(route) for route in routes], default=str)
    digest = sha256(text.encode()).hexdigest()
    if digest == _written and path().exists():
        return
    safe_files.make_directory(path().parent)
    safe_files.replace(path(), crypto.encrypt(text).encode())
    _written = digest


def read() -> list[Route] | None:
    """Return the routes of the file; None, with a line in the log, if there is none that can be read."""
    try:
        values = json.loads(crypto.decrypt(path().read_text("ascii")))
        routes = [_route(each) for each in values]
    except FileNotFoundError:
        logger.error("no routing: the database is away, and JOURNAL_DIR has no file of it")
    except (OSError, InvalidToken, ValueError, KeyError, TypeError) as error:
        logger.error(
            "no routing: the database is away, and the file in JOURNAL_DIR cannot be read",
            extra={"reason": type(error).__name__},
        )
    else:
        logger.warning("routing read from the file in JOURNAL_DIR", extra={"numbers": len(routes)})
        return routes
    return None


def _values(route: Route) -> dict[str, Any]:
    ours = platform_account()
    account = route.account
    if ours is not None and account.account_sid == ours.account_sid:
        account = replace(account, tokens=tuple(token for token in account.tokens if token not in ours.tokens))
    return {**asdict(route), "account": asdict(account), "known_phones": sorted(route.known_phones)}


def _route(values: dict[str, Any]) -> Route:
    times = [(day, time.fromisoformat(opens), time.fromisoformat(closes)) for day, opens, closes in values["hours"]]
    days = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in values["closures"]]
    return Route(
        **{
            **values,
            "account": _account(values["account"]),
            "owners": tuple(values["owners"]),
            "known_phones": frozenset(values["known_phones"]),
            "hours": tuple(times),
            "closures": tuple(days),
        }
    )


def _account(values: dict[str, Any]) -> Account:
    tokens = tuple(values["tokens"])
    ours = platform_account()
    if ours is not None and values["account_sid"] == ours.account_sid:
        tokens += ours.tokens
    return Account(values["account_sid"], tokens, tuple((name, secret) for name, secret in values["shared_keys"]))
