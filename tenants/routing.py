"""Who answers a number: the routing snapshot, in memory, refreshed when something changes.

One query loads all of it, and then no webhook asks the database who it is for. Triggers on the tables it is made of
send NOTIFY; a thread in each web process listens and reloads the business that changed. Without that thread the
snapshot lives five seconds. While PostgreSQL is away the last good one stays in use; the thread also writes it to a
file (`tenants/routing_file.py`), for a process that starts meanwhile.
"""

import logging
import threading
import time as clock
from collections.abc import Iterable
from datetime import date, time

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from nevermisscall.lib import database
from nevermisscall.lib.database import breaker
from tenants import routing_file
from tenants.models import BusinessHours, Closure, OwnerNumber, PhoneNumber, TwilioAccount
from tenants.routes import Account as Account
from tenants.routes import Route as Route
from tenants.routes import platform_account

CHANNEL = "routing_changed"
UNHEARD_SECONDS = 5.0  # how long a snapshot lives when nobody listens for changes
RELOAD_SECONDS = 60.0  # and a belt for the braces: the listener reloads all of it this often
AWAY = (DatabaseError, InterfaceError)
MOST_UNROUTED = 1000  # strangers may name any account

logger = logging.getLogger(__name__)


class NotLoaded(OperationalError):
    """There is no snapshot yet and the database is away: nobody can tell whose number it is."""


class RoutingTable:
    """The snapshot of this process. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._load_lock = threading.Lock()
        self._routes: dict[str, Route] = {}
        self._accounts: dict[str, Account] = {}
        self._unrouted: dict[str, Account | None] = {}  # accounts without a number, and names that are no account
        self._loaded_at: float | None = None
        self._stale_tenants: set[int] = set()
        self._listening = False
        self._stopping = False
        self._listener: threading.Thread | None = None

    def route(self, number: str) -> Route | None:
        """Return the route of one of our numbers; None if it is not one of ours or was released.

        Raises `NotLoaded` in a process that started while the database was away and found no file either.
        """
        self._freshen()
        if self._loaded_at is None:
            raise NotLoaded
        found = self._routes.get(number)
        if found is None:
            # Perhaps it was added a moment ago. Only signed requests get here, so strangers cannot make us look.
            self._load_in_time(_numbers().filter(number=number))
            found = self._routes.get(number)
        return found

    def account(self, account_sid: str) -> Account | None:
        """Return what verifies webhooks of the account; None if it is not one of ours. Raises `NotLoaded`."""
        platform = platform_account()
        self._freshen()
        found = self._accounts.get(account_sid)
        if platform is not None and account_sid == platform.account_sid:
            # A row for the same account may add a SharedKey or an older token.
            return found or platform
        if self._loaded_at is None:
            raise NotLoaded
        if found is None and account_sid not in self._unrouted:
            self._look_up(account_sid)
        return found or self._unrouted.get(account_sid)

    def forget(self) -> None:
        """Drop everything; the next question loads it anew."""
        with self._lock:
            self._routes, self._accounts, self._unrouted, self._loaded_at = {}, {}, {}, None
            self._stale_tenants.clear()

    def mark_changed(self, tenant_id: int) -> None:
        """Reload this business before the next answer."""
        with self._lock:
            self._stale_tenants.add(tenant_id)

    def listen(self) -> None:
        """Start the thread that hears of changes in other processes. Call it once in each web process."""
        self._listener = threading.Thread(target=self._listen_until_stopped, name="routing-listener", daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """End that thread and its connection."""
        self._stopping = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '0')", [CHANNEL])  # it waits for one
        if self._listener is not None:
            self._listener.join(timeout=5)

    # -- loading ------------------------------------------------------------------------------------------------------

    def _freshen(self) -> None:
        age = None if self._loaded_at is None else clock.monotonic() - self._loaded_at
        if age is None or (age > UNHEARD_SECONDS and not self._listening):
            with self._lock:
                self._stale_tenants.clear()  # all of them are loaded now; those marked meanwhile are loaded again
            self._load_in_time(_numbers(), everything=True)
            if self._loaded_at is None:
                self._read_file()
        elif self._stale_tenants:
            with self._lock:
                stale, self._stale_tenants = self._stale_tenants, set()
            self._load_in_time(_numbers().filter(tenant_id__in=stale), tenants=stale)

    def _load_in_time(
        self, numbers: QuerySet[PhoneNumber], *, everything: bool = False, tenants: Iterable[int] = ()
    ) -> None:
        """Load for somebody who waits: not at all if the database was away a moment ago."""
        if self._load_lock.acquire(timeout=database.WEBHOOK_SECONDS):
            try:
                if not breaker.refuses:
                    with database.limit(database.WEBHOOK_SECONDS):
                        self._load(numbers, everything=everything, tenants=tenants)
                        return
            finally:
                self._load_lock.release()
        with self._lock:
            self._stale_tenants.update(tenants)

    def _try_load(
        self, numbers: QuerySet[PhoneNumber], *, everything: bool = False, tenants: Iterable[int] = ()
    ) -> None:
        # One load at a time: an older answer that arrives late must not replace a newer one.
        with self._load_lock, database.limit(database.PAGE_SECONDS):
            self._load(numbers, everything=everything, tenants=tenants)

    def _load(self, numbers: QuerySet[PhoneNumber], *, everything: bool, tenants: Iterable[int]) -> None:
        try:
            routes = {route.number: route for route in map(_route, numbers)}
        except AWAY as error:
            logger.exception("Database connection failed: routing stays as last known")
            _note(error)
            with self._lock:
                self._stale_tenants.update(tenants)
            return
        with self._lock:
            gone = set(tenants)
            kept = {} if everything else {n: r for n, r in self._routes.items() if r.tenant_id not in gone}
            self._set(kept | routes)
            if everything:
                self._loaded_at = clock.monotonic()

    def _set(self, routes: dict[str, Route]) -> None:
        self._routes = routes
        self._accounts, self._unrouted = _accounts(routes.values()), {}

    def _read_file(self) -> None:
        routes = routing_file.read()
        if routes is not None:
            with self._lock:
                self._set({route.number: route for route in routes})
                self._loaded_at = float("-inf")  # good enough, until the database answers

    def _look_up(self, account_sid: str) -> None:
        # Its number may have been released, or not be there yet; its calls get an answer all the same.
        if breaker.refuses:
            return
        try:
            with database.limit(database.WEBHOOK_SECONDS):
                row = TwilioAccount.objects.filter(account_sid=account_sid).first()
        except AWAY as error:
            logger.exception("Database connection failed: an account without a number cannot be looked up")
            _note(error)
            return
        with self._lock:
            if len(self._unrouted) >= MOST_UNROUTED:
                self._unrouted.clear()
            self._unrouted[account_sid] = None if row is None else _own_account(row)

    def _listen_until_stopped(self) -> None:
        while not self._stopping:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(f"LISTEN {CHANNEL}")
                self._try_load(_numbers(), everything=True)
                self._listening = True
                self._write_file()
                while not self._stopping:
                    changed = {
                        int(notice.payload)
                        for notice in connection.connection.notifies(timeout=RELOAD_SECONDS, stop_after=1)
                    }
                    if changed and 0 not in changed:
                        self._try_load(_numbers().filter(tenant_id__in=changed), tenants=changed)
                    else:
                        self._try_load(_numbers(), everything=True)
                    self._write_file()
            except Exception:
                logger.exception("Database connection failed: routing changes are not heard until it is back")
                clock.sleep(1.0)
            self._listening = False
            connection.close()

    def _write_file(self) -> None:
        try:
            routing_file.write(self._routes.values())
        except OSError:
            logger.exception(
                "routing cannot be written to JOURNAL_DIR: a process that starts without a database needs it"
            )


def _note(error: Exception) -> None:
    if database.is_away(error):
        breaker.trip()


def _numbers() -> QuerySet[PhoneNumber]:
    tenant = OuterRef("tenant_id")
    owners = OwnerNumber.objects.filter(tenant_id=tenant).order_by("position", "pk")
    hours = BusinessHours.objects.filter(tenant_id=tenant)
    closures = Closure.objects.filter(tenant_id=tenant)
    return (
        PhoneNumber.objects.exclude(state=PhoneNumber.State.RELEASED)
        .select_related("tenant", "account")
        .annotate(
            owner_rows=ArraySubquery(owners.values(row=JSONObject(number="number", active="is_active"))),
            hour_rows=ArraySubquery(hours.values(row=JSONObject(day="weekday", opens="opens_at", closes="closes_at"))),
            closure_rows=ArraySubquery(closures.values(row=JSONObject(first="starts_on", last="ends_on"))),
        )
    )


def _route(row: PhoneNumber) -> Route:
    tenant = row.tenant
    hours, closures = row.hour_rows, row.closure_rows  # type: ignore[attr-defined]
    # A number that rings itself would go round in circles.
    owners = [owner for owner in row.owner_rows if owner["number"] != row.number]  # type: ignore[attr-defined]
    return Route(
        number_id=row.pk,
        number=row.number,
        account=_account(row),
        tenant_id=tenant.pk,
        tenant_name=tenant.name,
        tenant_status=tenant.status,
        timezone=tenant.timezone,
        language=tenant.language,
        ring_timeout_seconds=tenant.ring_timeout_seconds,
        ring_strategy=tenant.ring_strategy,
        ring_after_hours=tenant.ring_after_hours,
        answer_screening=tenant.answer_screening,
        missed_call_action=tenant.missed_call_action,
        owners=tuple(owner["number"] for owner in owners if owner["active"]),
        known_phones=frozenset(owner["number"] for owner in owners),
        hours=tuple(
            (hour["day"], time.fromisoformat(hour["opens"]), time.fromisoformat(hour["closes"])) for hour in hours
        ),
        closures=tuple((date.fromisoformat(c["first"]), date.fromisoformat(c["last"])) for c in closures),
    )


def _accounts(routes: Iterable[Route]) -> dict[str, Account]:
    """Return the accounts of `routes`. Only some of an account's numbers may name its row: what any knows counts."""
    found: dict[str, Account] = {}
    for account in {route.account for route in routes}:
        known = found.get(account.account_sid, account)
        tokens = tuple(dict.fromkeys(known.tokens + account.tokens))
        shared_keys = tuple(dict.fromkeys(known.shared_keys + account.shared_keys))
        found[account.account_sid] = Account(account.account_sid, tokens, shared_keys)
    return found


def _account(row: PhoneNumber) -> Account:
    if row.account is None:
        return platform_account() or Account("", ())
    return _own_account(row.account)


def _own_account(own: TwilioAccount) -> Account:
    tokens = [own.auth_token, own.auth_token_secondary]
    if own.account_sid == settings.TWILIO_ACCOUNT_SID:
        tokens += [settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_SECONDARY]
    shared = ((own.shared_key_id, own.shared_key_secret),) if own.shared_key_id else ()
    return Account(own.account_sid, tuple(token for token in tokens if token), shared)


table = RoutingTable()
