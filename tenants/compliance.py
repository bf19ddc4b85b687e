"""The gate: may this business text this person now? One function, one verdict, stored with the message."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import models

from nevermisscall.lib import phones
from tenants.models import Contact, OwnerNumber, PhoneNumber, Tenant


class Purpose(models.TextChoices):
    """Why a text is sent. Decides its lane and which rules apply."""

    MISSED_CALL = "missed_call", "Text-back after a missed call"
    REPLY = "reply", "A person's reply"
    NOTICE = "notice", "News the person did not just ask for"  # a reminder, a delay
    BULK = "bulk", "One text to many"
    OWNER_ALERT = "owner_alert", "News for the owner"


class Rule(models.TextChoices):
    """The rule that decided. `allowed` is the only one that lets a text pass."""

    ALLOWED = "allowed", "allowed"
    TENANT_NOT_ACTIVE = "tenant_not_active", "the business is suspended or closed"
    NUMBER_CANNOT_SEND = "number_cannot_send", "the business number is not active yet"
    NOT_TEXTABLE = "not_textable", "the caller's number cannot receive texts"
    OWN_NUMBER = "own_number", "it is the business's own number"
    OPTED_OUT = "opted_out", "they opted out of texts"
    LANDLINE = "landline", "it is a landline"
    PERSONAL = "personal", "they are a personal contact"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided, and on what."""

    rule: str
    purpose: str
    to_kind: str
    contact_id: int | None

    @property
    def allowed(self) -> bool:
        return self.rule == Rule.ALLOWED

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as it is stored."""
        return asdict(self)


def may_text(*, number: PhoneNumber, to_number: str, purpose: str) -> Verdict:
    """Decide whether `number`'s business may text `to_number` for `purpose`. Anything unclear is a no."""
    kind = phones.classify(to_number)
    contact = Contact.objects.filter(tenant_id=number.tenant_id, number=to_number).first()
    rule = _rule(number, to_number, purpose, kind, contact)
    return Verdict(rule.value, purpose, kind.value, contact.pk if contact else None)


def _rule(number: PhoneNumber, to_number: str, purpose: str, kind: phones.CallerKind, contact: Contact | None) -> Rule:
    if number.tenant.status != Tenant.Status.ACTIVE:
        return Rule.TENANT_NOT_ACTIVE
    if number.state != PhoneNumber.State.ACTIVE:
        return Rule.NUMBER_CANNOT_SEND
    if kind != phones.CallerKind.TEXTABLE:
        return Rule.NOT_TEXTABLE
    if PhoneNumber.objects.filter(tenant_id=number.tenant_id, number=to_number).exists():
        return Rule.OWN_NUMBER
    if purpose == Purpose.MISSED_CALL and _is_owner(number.tenant_id, to_number):
        return Rule.OWN_NUMBER
    if contact is None:
        return Rule.ALLOWED
    if contact.opted_out_at is not None:
        return Rule.OPTED_OUT
    if contact.is_landline:
        return Rule.LANDLINE
    if contact.is_personal and purpose == Purpose.MISSED_CALL:
        return Rule.PERSONAL
    return Rule.ALLOWED


def _is_owner(tenant_id: int, number: str) -> bool:
    return OwnerNumber.objects.filter(tenant_id=tenant_id, number=number).exists()
