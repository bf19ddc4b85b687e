"""The gate: may this business text this person now? One function, one verdict, stored with the message."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import models

from nevermisscall.lib import phones
from nevermisscall.lib.clock import utcnow
from tenants import quiet_hours
from tenants.models import Consent, Contact, OwnerNumber, PhoneNumber, Tenant


class Purpose(models.TextChoices):
    """Why a text is sent. Decides its lane and which rules apply."""

    MISSED_CALL = "missed_call", "Text-back after a missed call"
    REPLY = "reply", "A person's reply"
    AI = "ai", "The AI's reply"
    NOTICE = "notice", "News the person did not just ask for"  # a reminder, a delay
    BULK = "bulk", "One text to many"  # the same news to all of them
    MARKETING = "marketing", "Advertising"  # needs written consent
    OWNER_ALERT = "owner_alert", "News for the owner"
    EMERGENCY = "emergency", "Safety"
    CONFIRMATION = "confirmation", "Opt-out confirmed, HELP answered"  # the one text that may follow an opt-out
    FOUND = "found", "Found at Twilio"  # it left our number, and nothing here says why; never sent as that


# Sent without a person having decided on this text to this customer.
AUTOMATIC = frozenset({Purpose.MISSED_CALL, Purpose.AI, Purpose.NOTICE, Purpose.BULK, Purpose.MARKETING})
# Neither an answer to the person's own call or text nor urgent: waits for the person's daytime.
UNASKED = frozenset({Purpose.NOTICE, Purpose.BULK, Purpose.MARKETING})
UNCAPPED = frozenset({Purpose.OWNER_ALERT, Purpose.EMERGENCY, Purpose.CONFIRMATION})


class Rule(models.TextChoices):
    """The rule that decided. `allowed` lets a text pass, `held` later; all others refuse it."""

    ALLOWED = "allowed", "allowed"
    HELD = "held", "it is outside the hours in which they may be texted"
    TENANT_NOT_ACTIVE = "tenant_not_active", "the business is suspended or closed"
    NUMBER_CANNOT_SEND = "number_cannot_send", "the business number is not active yet"
    NOT_TEXTABLE = "not_textable", "the caller's number cannot receive texts"
    OWN_NUMBER = "own_number", "it is the business's own number"
    OPTED_OUT = "opted_out", "they opted out of texts"
    LANDLINE = "landline", "it is a landline"
    PERSONAL = "personal", "they are a personal contact"
    DO_NOT_AUTOMATE = "do_not_automate", "they want to hear from people only"
    BLOCKED = "blocked", "they are blocked"
    NO_CONSENT = "no_consent", "they never agreed in writing to advertising"
    DAILY_CAP = "daily_cap", "the business reached its texts of the day"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided, on what, and when."""

    rule: str
    purpose: str
    to_kind: str
    contact_id: int | None
    at: datetime
    not_before: datetime | None = None  # set if the rule is `held`
    zones: tuple[str, ...] = ()  # the recipient's, where their hours were looked at
    consent_id: int | None = None  # the ledger's line that advertising rests on
    texts_today: int | None = None  # in 24 hours and up to the cap, where that was looked at

    @property
    def allowed(self) -> bool:
        """Whether the text may leave now."""
        return self.rule == Rule.ALLOWED

    @property
    def refused(self) -> bool:
        """Whether the text may never leave; one that is neither allowed nor refused waits until `not_before`."""
        return self.rule not in {Rule.ALLOWED, Rule.HELD}

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as it is stored."""
        moments = {"at": self.at.isoformat(), "not_before": self.not_before and self.not_before.isoformat()}
        return {name: value for name, value in {**asdict(self), **moments}.items() if value not in (None, ())}


@dataclass(slots=True)
class _Case:
    """One question to the gate, and what it finds out on the way."""

    number: PhoneNumber
    to_number: str
    purpose: str
    kind: phones.CallerKind
    contact: Contact | None
    at: datetime
    count_today: Callable[[], int] | None
    found: dict[str, Any]


def may_text(
    *,
    number: PhoneNumber,
    to_number: str,
    purpose: str,
    count_today: Callable[[], int] | None = None,
    at: datetime | None = None,
) -> Verdict:
    """Decide whether `number`'s business may text `to_number` for `purpose`. A few queries; anything unclear is a no.

    `count_today` says how many texts the business queued in 24 hours, up to its cap; without it, as at the second look
    right before sending, the cap is not looked at. `at` is now unless given.
    """
    contact = Contact.objects.filter(tenant_id=number.tenant_id, number=to_number).first()
    case = _Case(number, to_number, purpose, phones.classify(to_number), contact, at or utcnow(), count_today, found={})
    rule = next((rule for look in _LOOKS if (rule := look(case))), Rule.ALLOWED)
    return Verdict(rule.value, purpose, case.kind.value, contact.pk if contact else None, case.at, **case.found)


def _sender(case: _Case) -> Rule | None:
    if case.number.tenant.status != Tenant.Status.ACTIVE:
        return Rule.TENANT_NOT_ACTIVE
    return None if case.number.state == PhoneNumber.State.ACTIVE else Rule.NUMBER_CANNOT_SEND


def _recipient(case: _Case) -> Rule | None:
    if case.kind != phones.CallerKind.TEXTABLE:
        return Rule.NOT_TEXTABLE
    if PhoneNumber.objects.filter(tenant_id=case.number.tenant_id, number=case.to_number).exists():
        return Rule.OWN_NUMBER
    if case.purpose == Purpose.MISSED_CALL and _is_owner(case.number.tenant_id, case.to_number):
        return Rule.OWN_NUMBER
    return None


def _wishes(case: _Case) -> Rule | None:
    contact = case.contact
    if contact is None:
        return None
    if contact.opted_out_at is not None and case.purpose != Purpose.CONFIRMATION:
        return Rule.OPTED_OUT
    if contact.is_landline:
        return Rule.LANDLINE
    if case.purpose not in AUTOMATIC:
        return None
    if contact.is_blocked:
        return Rule.BLOCKED
    if contact.is_personal:
        return Rule.PERSONAL
    return Rule.DO_NOT_AUTOMATE if contact.do_not_automate else None


def _consent(case: _Case) -> Rule | None:
    if case.purpose != Purpose.MARKETING:
        return None  # implied by their call or text, which the ledger records, or not needed
    newest = None
    if case.contact is not None:
        newest = Consent.objects.newest(
            contact_id=case.contact.pk,
            channel=Consent.Channel.SMS,
            purpose_class=Consent.PurposeClass.MARKETING,
        )
    if newest is None or not (newest.is_granted and newest.is_written):
        return Rule.NO_CONSENT
    case.found["consent_id"] = newest.pk
    return None


def _cap(case: _Case) -> Rule | None:
    if case.count_today is None or case.purpose in UNCAPPED:
        return None
    case.found["texts_today"] = case.count_today()
    return Rule.DAILY_CAP if case.found["texts_today"] >= case.number.tenant.daily_text_cap else None


def _hours(case: _Case) -> Rule | None:
    if case.purpose not in UNASKED:
        return None
    zones = quiet_hours.zones_of(case.to_number)
    opening = quiet_hours.next_opening(zones, case.at)
    case.found["zones"] = zones
    if opening <= case.at:
        return None
    case.found["not_before"] = opening
    return Rule.HELD


def _is_owner(tenant_id: int, number: str) -> bool:
    return OwnerNumber.objects.filter(tenant_id=tenant_id, number=number).exists()


# In this order: a refusal is final and comes first, waiting comes last.
_LOOKS = (_sender, _recipient, _wishes, _consent, _cap, _hours)
