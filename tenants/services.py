"""Use-cases around a business and its people."""

from django.db import transaction
from django.utils import timezone

from nevermisscall.outbox import facts
from tenants.events import ContactOptedOut
from tenants.models import Contact, OwnerNumber, PhoneNumber


@transaction.atomic
def opt_out(*, tenant_id: int, number: str) -> Contact:
    """Record that this person wants no texts. Opting out again changes nothing."""
    contact, _ = Contact.objects.get_or_create(tenant_id=tenant_id, number=number)
    if Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=True).update(opted_out_at=timezone.now()):
        facts.publish(ContactOptedOut(contact_id=contact.pk, tenant_id=tenant_id))
    return contact


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
