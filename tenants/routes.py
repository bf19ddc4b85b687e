"""What the routing snapshot consists of: numbers of ours and the accounts whose webhooks they get."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings

from tenants.models import Tenant, is_open


@dataclass(frozen=True, slots=True)
class Account:
    """What verifies the webhooks of one Twilio account."""

    account_sid: str
    tokens: tuple[str, ...]
    shared_keys: tuple[tuple[str, str], ...] = ()  # (key id, secret)


@dataclass(frozen=True, slots=True)
class Route:
    """One of our numbers and all that decides how its calls are answered."""

    number_id: int
    number: str
    account: Account
    tenant_id: int
    tenant_name: str
    tenant_status: str
    timezone: str
    language: str
    ring_timeout_seconds: int
    ring_strategy: str
    ring_after_hours: bool
    answer_screening: str
    missed_call_action: str
    owners: tuple[str, ...]  # to be rung, in order
    known_phones: frozenset[str]  # every owner number, rung or not
    hours: tuple[tuple[int, time, time], ...]
    closures: tuple[tuple[date, date], ...]

    @property
    def is_active(self) -> bool:
        """Whether the business takes calls at all."""
        return self.tenant_status == Tenant.Status.ACTIVE

    def rings_at(self, at: datetime) -> bool:
        """Whether the owner's phone rings for a call at `at`."""
        return self.ring_after_hours or is_open(
            zone=self.timezone, hours=list(self.hours), closures=list(self.closures), at=at
        )


def platform_account() -> Account | None:
    """Return the account of the environment, if one is configured."""
    if not settings.TWILIO_ACCOUNT_SID:
        return None
    tokens = (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_SECONDARY)
    return Account(settings.TWILIO_ACCOUNT_SID, tuple(token for token in tokens if token))
