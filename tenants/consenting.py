"""Opting out and in, and the ledger entries that go with calls, texts and words.

STOP and START count by when they were written, not by when we hear of them: a webhook may wait in the journal, or be
found in Twilio's list, while a later one comes at once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.refusals import Refusal
from nevermisscall.outbox import facts
from tenants.consents import Consent
from tenants.events import ContactOptedIn, ContactOptedOut
from tenants.models import Contact

Channel, PurposeClass, Source = Consent.Channel, Consent.PurposeClass, Consent.Source

_PAIRS = [(channel, purpose_class) for channel in Channel for purpose_class in PurposeClass]
_TEXTS = (Channel.SMS, PurposeClass.INFORMATIONAL)

EVIDENCE = 200  # characters
# Twilio's times are whole seconds and its clock is not ours. In doubt they opted out.
CLOCKS_DIFFER = timedelta(seconds=5)


class ConsentRefused(Refusal):
    """This consent cannot be written down."""


@transaction.atomic
def opt_out(*, tenant_id: int, number: str, source: str = Source.ADMIN, evidence: str = "") -> bool:
    """Record that this person wants neither texts nor calls. Returns whether that is news.

    Opting out again changes nothing. The ledger gets a revocation for each channel and class of purposes. A STOP that
    was overtaken by a later START revokes only what that did not grant.
    """
    at = utcnow()
    contact = _locked(tenant_id, number)
    if contact.opted_out_at is not None:
        Contact.objects.filter(pk=contact.pk, opted_out_at__lt=at).update(opted_out_at=at)
        return False
    if _started_after(contact, at):
        _revoke(contact, [pair for pair in _PAIRS if pair != _TEXTS], source, evidence, at)
        return False
    Contact.objects.filter(pk=contact.pk).update(opted_out_at=at)
    _revoke(contact, _PAIRS, source, evidence, at)
    facts.publish(ContactOptedOut(contact_id=contact.pk, tenant_id=tenant_id))
    return True


@transaction.atomic
def opt_in(*, tenant_id: int, number: str, source: str, evidence: str = "", is_explicit: bool = False) -> bool:
    """Record that a person who opted out wants texts again. Returns whether that is news.

    It restores what a text can grant: informational texts. Calls and advertising need a consent of their own. One that
    is older than the opt-out changes nothing. An explicit one, the word START, is written down even if nobody here
    knows of an opt-out: that may still be on its way.
    """
    at = utcnow()
    contact = _locked(tenant_id, number)
    if contact.opted_out_at is None:
        if is_explicit:
            _grant(contact, Channel.SMS, PurposeClass.INFORMATIONAL, source, evidence)
        return False
    if contact.opted_out_at >= at:
        return False
    Contact.objects.filter(pk=contact.pk).update(opted_out_at=None)
    _grant(contact, Channel.SMS, PurposeClass.INFORMATIONAL, source, evidence)
    facts.publish(ContactOptedIn(contact_id=contact.pk, tenant_id=tenant_id))
    return True


def _locked(tenant_id: int, number: str) -> Contact:
    contact, _ = Contact.objects.select_for_update().get_or_create(tenant_id=tenant_id, number=number)
    return contact


def _started_after(contact: Contact, at: datetime) -> bool:
    """Tell whether the person texted START after `at`."""
    starts = Consent.objects.filter(
        contact=contact, channel=Channel.SMS, purpose_class=PurposeClass.INFORMATIONAL, source=Source.KEYWORD
    )
    return starts.filter(is_granted=True, recorded_at__gt=at + CLOCKS_DIFFER).exists()


def _revoke(contact: Contact, pairs: Iterable[tuple[str, str]], source: str, evidence: str, at: datetime) -> None:
    Consent.objects.bulk_create(
        Consent(
            tenant_id=contact.tenant_id,
            contact=contact,
            channel=channel,
            purpose_class=purpose_class,
            is_granted=False,
            source=source,
            evidence=evidence[:EVIDENCE],
            recorded_at=at,
        )
        for channel, purpose_class in pairs
    )


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


def record(
    contact: Contact,
    *,
    is_granted: bool,
    channel: str,
    purpose_class: str,
    source: str,
    evidence: str,
    is_written: bool = False,
    by: str = "",
) -> Consent:
    """Write down what was agreed to or taken back elsewhere: on a form, in a contract, in a word to an operator.

    `by` is the person of the staff who does it. Raises `ConsentRefused` as `grant` does.
    """
    said = {"channel": channel, "purpose_class": purpose_class, "source": source, "evidence": evidence, "by": by}
    return grant(contact, is_written=is_written, **said) if is_granted else revoke(contact, **said)


@transaction.atomic
def grant(
    contact: Contact,
    *,
    channel: str,
    purpose_class: str,
    source: str,
    evidence: str,
    is_written: bool = False,
    by: str = "",
) -> Consent:
    """Write down a consent. Raises `ConsentRefused` as `check_grant` does."""
    locked = Contact.objects.select_for_update().get(pk=contact.pk)
    check_grant(locked, purpose_class=purpose_class, is_written=is_written, evidence=evidence)
    return _grant(contact, channel, purpose_class, source, _signed(evidence, by), is_written=is_written)


def check_grant(contact: Contact, *, purpose_class: str, is_written: bool, evidence: str) -> None:
    """Raise `ConsentRefused` for advertising that nobody could prove, and for somebody who opted out.

    Advertising counts only if it is written and `evidence` says where. Who opted out alone can undo that, with START.
    """
    if purpose_class == PurposeClass.MARKETING and not is_written:
        raise ConsentRefused("not_written", "advertising needs a consent in writing: say that it is written, and where")
    if is_written and not evidence.strip():
        raise ConsentRefused("no_evidence", "say in the evidence where the written consent is, such as a form's number")
    if contact.opted_out_at is not None:
        raise ConsentRefused(
            "opted_out", "they opted out of texts and calls; only they can undo that, by texting START"
        )


@transaction.atomic
def revoke(contact: Contact, *, channel: str, purpose_class: str, source: str, evidence: str, by: str = "") -> Consent:
    """Take a consent back and return the line that says so; what is revoked already stays as it is.

    Whoever wants no informational texts wants none at all: that is opting out, of texts and calls.
    """
    Contact.objects.select_for_update().get(pk=contact.pk)
    evidence = _signed(evidence, by)
    if (channel, purpose_class) == (Channel.SMS, PurposeClass.INFORMATIONAL):
        opt_out(tenant_id=contact.tenant_id, number=contact.number, source=source, evidence=evidence)
    newest = Consent.objects.newest(contact_id=contact.pk, channel=channel, purpose_class=purpose_class)
    if newest is not None and not newest.is_granted:
        return newest
    return Consent.objects.create(
        tenant_id=contact.tenant_id,
        contact=contact,
        channel=channel,
        purpose_class=purpose_class,
        is_granted=False,
        source=source,
        evidence=evidence[:EVIDENCE],
        recorded_at=utcnow(),
    )


def _signed(evidence: str, by: str) -> str:
    return ": ".join(part for part in (by, evidence.strip()) if part)


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
        evidence=evidence[:EVIDENCE],
        recorded_at=utcnow(),
    )
