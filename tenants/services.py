"""Use-cases around a business and its people. Opting out and in are in `tenants.consenting`."""

from tenants.consenting import opt_in, opt_out
from tenants.models import Contact, OwnerNumber, PhoneNumber

__all__ = ["alert_numbers", "mark_landline", "opt_in", "opt_out"]


def mark_landline(*, tenant_id: int, number: str) -> None:
    """Record that Twilio cannot text this number, so that nobody waits for a text again."""
    Contact.objects.update_or_create(tenant_id=tenant_id, number=number, defaults={"is_landline": True})


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
