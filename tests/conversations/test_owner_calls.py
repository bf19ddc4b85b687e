"""An owner who asked for it is called about a caller who could not be texted."""

from datetime import UTC, datetime

import pytest

from calls.alerts.models import AlertCall
from nevermisscall.outbox.models import Fact
from sms.models import Message
from tenants.compliance import Purpose
from tenants.models import Contact, OwnerNumber, Tenant, TextTemplate
from tests.conversations.test_text_back import miss, texts_to
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE

pytestmark = pytest.mark.django_db

NOON, EIGHT, NINE_PM, NIGHT = (
    "2026-03-02T17:00:00Z",  # in New York
    "2026-03-02T13:00:00Z",
    "2026-03-03T02:00:00Z",
    "2026-03-02T12:59:00Z",
)


@pytest.fixture
def wants_calls(acme, time_machine):
    """Acme's owner wants to be called. It is noon at Acme."""
    time_machine.move_to(NOON)
    acme.call_owner_when_undelivered = True
    acme.save()
    return acme


@pytest.fixture
def undelivered(client, twilio, twilio_api, do_due_work):
    """A missed call whose text-back the carrier refuses."""

    def happen(code: str = "30006") -> None:
        miss(client)
        do_due_work()
        sid = Message.objects.get(purpose=Purpose.MISSED_CALL).message_sid
        for _ in range(2):
            twilio.message_status(sid, "undelivered", ErrorCode=code)
        do_due_work()

    return happen


def test_the_owner_is_texted_and_called_once(wants_calls, undelivered, twilio_api):
    undelivered()

    alert = AlertCall.objects.get()
    assert (alert.to_number, alert.connect_to, alert.phone_number.number) == (OWNER_PHONE, CUSTOMER, ACME_NUMBER)
    assert alert.words == "Acme Plumbing: missed call from 1 4 1 5 5 5 5 0 1 2 3. They could not be texted."
    assert len(texts_to(OWNER_PHONE)) == 1
    assert [call["to"] for call in twilio_api.ledger() if call["kind"] == "call"] == [OWNER_PHONE]


def test_in_spanish(wants_calls, undelivered):
    Tenant.objects.update(language="es")
    undelivered()

    alert = AlertCall.objects.get()
    assert alert.language == "es"
    assert alert.words.startswith("Acme Plumbing: llamada perdida del 1 4 1 5")


def test_an_owner_who_did_not_ask_for_calls_is_only_texted(acme, undelivered):
    undelivered()

    assert len(texts_to(OWNER_PHONE)) == 1
    assert not AlertCall.objects.exists()


@pytest.mark.parametrize(("now", "called"), [(EIGHT, True), (NINE_PM, False), (NIGHT, False)], ids=["8", "21", "7:59"])
def test_their_phone_does_not_ring_at_night(wants_calls, undelivered, time_machine, now, called):
    time_machine.move_to(now)
    undelivered()

    assert AlertCall.objects.exists() == called
    assert len(texts_to(OWNER_PHONE)) == 1


def test_nor_while_they_want_quiet(wants_calls, undelivered):
    Tenant.objects.update(alerts_quiet_until=datetime(2026, 3, 2, 17, 30, tzinfo=UTC))
    undelivered()

    assert not AlertCall.objects.exists()


def test_a_known_landline_is_called_about_without_trying_a_text(wants_calls, client, twilio_api, do_due_work):
    Contact.objects.create(tenant=wants_calls, number=CUSTOMER, is_landline=True)
    call = miss(client)
    do_due_work()

    assert AlertCall.objects.get().idempotency_key == f"owner:missed-call:{call.call_sid}"


@pytest.mark.parametrize("caller", ["anonymous", "+18005550123"])
def test_nobody_is_called_about_a_caller_who_was_never_to_be_texted(
    wants_calls, client, twilio_api, do_due_work, caller
):
    miss(client, From=caller)
    do_due_work()

    assert not AlertCall.objects.exists()


def test_an_undelivered_text_of_another_kind_rings_nobody(wants_calls, undelivered, twilio):
    undelivered()
    Message.objects.filter(purpose=Purpose.OWNER_ALERT).update(status="sent_to_provider", message_sid="SM" + "4" * 32)
    twilio.message_status("SM" + "4" * 32, "undelivered", ErrorCode="30005")

    assert Fact.objects.filter(topic="message.delivery_failed").count() == 2
    assert AlertCall.objects.count() == 1


def test_without_an_owner_phone_nobody_is_called(wants_calls, undelivered):
    OwnerNumber.objects.update(is_active=False)
    undelivered()

    assert not AlertCall.objects.exists()


def test_their_own_long_wording_is_cut_rather_than_not_said(wants_calls, undelivered):
    TextTemplate.objects.create(
        tenant=wants_calls, key="owner_undelivered_call", language="en", body="{business} " * 99
    )
    undelivered()

    assert len(AlertCall.objects.get().words) == 600
