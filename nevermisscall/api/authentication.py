"""Who is asking: a program with a key, or a person of the staff with a session of the admin."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.logs import bind
from tenants.models import ApiKey, Tenant

SCHEME = "Bearer"
# The same sentence for no key, an unknown one, an expired one and a revoked one: which it was is nobody's business.
WHO_ARE_YOU = "give a valid API key: `Authorization: Bearer <key>`"
USED_EVERY = timedelta(minutes=1)  # how exact `ApiKey.last_used_at` is

AnyModel = TypeVar("AnyModel", bound=Model)


class Scope(StrEnum):
    """What a key may do. None of them contains another."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Access:
    """What the one who asks may see and do: `request.auth`, and `self.access` in a view."""

    tenant: Tenant | None  # None: the platform or the staff, all businesses
    scopes: frozenset[str]
    owner: str  # whose Idempotency-Keys these are: `tenant:5`, `platform` or `user:3`
    key_id: int | None = None  # None: a session, whose user needs the admin's permission too

    @classmethod
    def of(cls, request: Request) -> "Access | None":
        """Return the access that an authenticated request has; None for nobody."""
        return cast("Access | None", request.auth)

    def visible(self, rows: QuerySet[AnyModel]) -> QuerySet[AnyModel]:
        """Return those of `rows` that may be seen; the model has a column `tenant`. Every query goes by it."""
        return rows if self.tenant is None else rows.filter(tenant=self.tenant)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. Whoever sends the header is judged by it alone, whatever session there is."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Access] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, key = header.partition(" ")
        row = _usable(key.strip()) if scheme.lower() == SCHEME.lower() else None
        if row is None:
            raise NotAuthenticated(WHO_ARE_YOU)
        _note_use(row)
        bind(api_key_id=row.pk, tenant_id=row.tenant_id)
        owner = "platform" if row.tenant_id is None else f"tenant:{row.tenant_id}"
        return AnonymousUser(), Access(row.tenant, frozenset(row.scopes), owner, row.pk)

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class StaffSessionAuthentication(SessionAuthentication):
    """A session of the admin, with its CSRF token on everything that changes something."""

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        user = getattr(request._request, "user", None)
        if user is None or not user.is_active or not user.is_staff:
            return None
        self.enforce_csrf(request)
        bind(user_id=user.pk)
        return user, Access(None, frozenset(Scope), f"user:{user.pk}")


def _usable(key: str) -> ApiKey | None:
    rows = ApiKey.objects.select_related("tenant").filter(key_hash=ApiKey.digest(key))
    return next((row for row in rows if row.is_usable()), None)


def _note_use(row: ApiKey) -> None:
    now = utcnow()
    if row.last_used_at is None or row.last_used_at < now - USED_EVERY:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_EVERY)
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)  # the first of several requests writes
