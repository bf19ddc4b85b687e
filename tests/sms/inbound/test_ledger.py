"""The ledger of consents: what allows texts and calls, and what takes it back."""

import pytest
from django.db import DatabaseError, transaction

from sms.models import Message
from sms.services import TextRefused
from tenants import consenting
from tenants.compliance import Purpose
from tenants.models import Consent, Contact
from tests.sms.inbound.texts import send


def ledger() -> list[tuple[str, str, bool, str]]:
    return list(Consent.objects.order_by("pk").values_list("channel", "purpose_class", "is_granted", "source"))


def test_a_text_allows_texts_and_is_written_down_once(acme, twilio):
    twilio.text("My sink is leaking")
    twilio.text("Hello?")

    assert ledger() == [("sms", "informational", True, "text")]
    assert Consent.objects.get().evidence == Message.objects.first().message_sid


def test_a_missed_call_allows_both(acme, twilio, do_due_work, twilio_api):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()

    assert ledger() == [("sms", "informational", True, "call"), ("voice", "informational", True, "call")]
    assert set(Consent.objects.values_list("evidence", flat=True)) == {twilio.call_sid}


def test_an_answered_call_is_written_down_too(acme, twilio, do_due_work):
    twilio.answered_call()
    do_due_work()

    assert len(ledger()) == 2


def test_a_call_from_a_withheld_number_is_nobodys_consent(acme, twilio, do_due_work):
    twilio.incoming_call(From="+266696687")
    twilio.dial_action(From="+266696687", DialCallStatus="no-answer")
    do_due_work()

    assert not Consent.objects.exists()


def test_stop_takes_back_everything_and_start_gives_back_a_text_only(acme, twilio):
    twilio.text("hello")
    twilio.text("STOP")
    twilio.text("hello again")
    twilio.text("START")

    revoked = {
        (channel, kind, False, "keyword") for channel in ("sms", "voice") for kind in ("informational", "marketing")
    }
    assert ledger()[0] == ("sms", "informational", True, "text")
    assert set(ledger()[1:5]) == revoked
    assert ledger()[5:] == [("sms", "informational", True, "keyword")]


def test_the_ledger_is_append_only(acme, twilio):
    twilio.text("hello")
    for change in (lambda: Consent.objects.update(is_granted=False), lambda: Consent.objects.get().save()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    Contact.objects.get().delete()
    assert not Consent.objects.exists()


def test_advertising_needs_a_written_consent_that_still_holds(acme, twilio):
    twilio.text("hello")
    contact = Contact.objects.get()
    given = {"channel": "sms", "purpose_class": "marketing", "source": "api", "evidence": "form 7"}
    spoken = Consent(tenant=acme, contact=contact, is_granted=True, is_written=False, **given)

    def rule(key: str) -> str:
        try:
            return send(Purpose.MARKETING, key).verdict["rule"]
        except TextRefused as refusal:
            return refusal.verdict.rule

    assert rule("1") == "no_consent"
    spoken.save()
    assert rule("2") == "no_consent"
    consenting.grant(contact, is_written=True, **given)
    assert rule("3") == "allowed"
    twilio.text("STOP")
    twilio.text("START")
    assert rule("4") == "no_consent"
