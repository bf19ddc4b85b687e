"""Opting out and in, and the ledger entries that go with calls, texts and words."""

from django.db import transaction
from django.utils import timezone

from nevermisscall.outbox import facts
from tenants.consents import Consent
from tenants.events import ContactOptedIn, ContactOptedOut
from tenants.models import Contact

Channel, PurposeClass, Source = Consent.Channel, Consent.PurposeClass, Consent.Source


@transaction.atomic
def opt_out(*, tenant_id: int, number: str, source: str = Source.ADMIN, evidence: str = "") -> bool:
    """Record that this person wants neither texts nor calls. Returns whether that is news.

    Opting out again changes nothing. The ledger gets a revocation for each channel and class of purposes.
    """
    contact, _ = Contact.objects.get_or_create(tenant_id=tenant_id, number=number)
    if not Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=True).update(opted_out_at=timezone.now()):
        return False
    Consent.objects.bulk_create(
        Consent(
            tenant_id=tenant_id,
            contact=contact,
            channel=channel,
            purpose_class=purpose_class,
            is_granted=False,
            source=source,
            evidence=evidence[:200],
        )
        for channel in Channel
        for purpose_class in PurposeClass
    )
    facts.publish(ContactOptedOut(contact_id=contact.pk, tenant_id=tenant_id))
    return True


@transaction.atomic
def opt_in(*, tenant_id: int, number: str, source: str, evidence: str = "") -> bool:
    """Record that a person who opted out wants texts again. Returns whether that is news.

    It restores what a text can grant: informational texts. Calls and advertising need a consent of their own.
    """
    contact, _ = Contact.objects.get_or_create(tenant_id=tenant_id, number=number)
    if not Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=False).update(opted_out_at=None):
        return False
    _grant(contact, Channel.SMS, PurposeClass.INFORMATIONAL, source, evidence)
    facts.publish(ContactOptedIn(contact_id=contact.pk, tenant_id=tenant_id))
    return True


def record_contact(contact: Contact, *, source: str, evidence: str) -> None:
    """Write down that a person came to us, by call or text, which allows informational answers.

    A caller may be answered on both channels, somebody who texts by text. Adds nothing to what holds already, and
    does not undo an opt-out.
    """
    if contact.opted_out_at is not None:
        return
    for channel in [Channel.SMS, Channel.VOICE] if source == Source.CALL else [Channel.SMS]:
        newest = Consent.objects.newest(
            contact_id=contact.pk, channel=channel, purpose_class=PurposeClass.INFORMATIONAL
        )
        if newest is None or not newest.is_granted:
            _grant(contact, channel, PurposeClass.INFORMATIONAL, source, evidence)


def grant(
    contact: Contact, *, channel: str, purpose_class: str, source: str, evidence: str, is_written: bool = False
) -> Consent:
    """Write down a consent that was given elsewhere: a form, a contract, a word to an operator."""
    return _grant(contact, channel, purpose_class, source, evidence, is_written=is_written)


def _grant(
    contact: Contact, channel: str, purpose_class: str, source: str, evidence: str, *, is_written: bool = False
) -> Consent:
    return Consent.objects.create(
        tenant_id=contact.tenant_id,
        contact=contact,
        channel=channel,
        purpose_class=purpose_class,
        is_granted=True,
        is_written=is_written,
        source=source,
        evidence=evidence[:200],
    )
