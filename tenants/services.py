"""Use-cases around a business and its people. Opting out and in are in `tenants.consenting`."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Case, Q, QuerySet, When

from tenants.consenting import opt_in, opt_out
from tenants.models import Contact, OwnerNumber, PhoneNumber

__all__ = ["alert_numbers", "mark_landline", "opt_in", "opt_out", "owned"]


def owned(account_sid: str, numbers: Iterable[str]) -> dict[str, datetime]:
    """Return those of `numbers` that are ours and belong to this Twilio account, and since when. One query.

    What came to a number before it was ours was for whoever answered it then.
    """
    of_account = Q(account__account_sid=account_sid)
    if account_sid == settings.TWILIO_ACCOUNT_SID:
        of_account |= Q(account__isnull=True)
    rows = PhoneNumber.objects.exclude(state=PhoneNumber.State.RELEASED).filter(of_account, number__in=set(numbers))
    return dict(rows.values_list("number", "created_at"))


def mark_landline(*, tenant_id: int, number: str) -> None:
    """Record that Twilio cannot text this number, so that nobody waits for a text again."""
    Contact.objects.update_or_create(tenant_id=tenant_id, number=number, defaults={"is_landline": True})


def sending_number(numbers: QuerySet[PhoneNumber], wanted: str | None) -> PhoneNumber | None:
    """Return the one of `numbers` that a text is to leave from, ready for the gate; None if there is none.

    Without `wanted` that is the primary number, or the oldest one that can send if that cannot.
    """
    usable = numbers.exclude(state=PhoneNumber.State.RELEASED).select_related("tenant", "account")
    if wanted is not None:
        return usable.filter(number=wanted).first()
    return usable.order_by(Case(When(state=PhoneNumber.State.ACTIVE, then=0), default=1), "-is_primary", "pk").first()


def alert_numbers(*, tenant_id: int) -> tuple[PhoneNumber | None, str]:
    """Return the number that alerts leave from and the phone they go to; None or blank where there is none."""
    sender = (
        PhoneNumber.objects.filter(tenant_id=tenant_id, state=PhoneNumber.State.ACTIVE)
        .select_related("tenant", "account")
        .order_by("-is_primary", "pk")
        .first()
    )
    owner = OwnerNumber.objects.filter(tenant_id=tenant_id, is_active=True).first()
    return sender, owner.number if owner else ""


def member(*, tenant_id: int, user_id: int) -> User | None:
    """Return the person if they may act for the business; None if not, or if their login is switched off."""
    return User.objects.filter(pk=user_id, is_active=True, memberships__tenant_id=tenant_id).first()
