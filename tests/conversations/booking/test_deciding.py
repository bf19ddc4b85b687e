"""A visit is confirmed, declined or canceled, and the customer is told once."""

import pytest

from conversations.booking import services
from conversations.booking.models import Appointment
from conversations.booking.services import InvalidTransition
from conversations.models import Conversation, Entry
from sms.models import Message
from tenants.models import Contact, PhoneNumber, TextTemplate
from tests.conversations.booking.conftest import HOW, NOW, TUESDAY_10, at, texts_sent, topics
from tests.fixtures.people import CUSTOMER

MOVES = {"confirm": services.confirm, "decline": services.decline, "cancel": services.cancel}


@pytest.mark.parametrize(
    ("move", "status", "said"),
    [
        ("confirm", "confirmed", "your visit on Tuesday, November 27 at 10:00 AM is confirmed"),
        ("decline", "declined", "sorry, we can't make it on Tuesday, November 27 at 10:00 AM. Reply with another"),
        ("cancel", "canceled", "your visit on Tuesday, November 27 at 10:00 AM is canceled"),
    ],
)
def test_a_decision_is_told_to_the_customer_once(ask, move, status, said, conversation):
    visit = ask()
    for _ in range(2):
        decided = MOVES[move](appointment=visit, how=HOW.API)

    assert (decided.status, decided.hold_expires_at, decided.decided_how) == (status, None, "api")
    [message] = Message.objects.filter(to_number=CUSTOMER)
    assert said in message.body
    assert message.body.startswith("Acme Plumbing: ")
    assert (message.purpose, message.idempotency_key) == ("reply", f"appointment:{visit.pk}:{status}")
    assert Entry.objects.filter(conversation=conversation, message=message).count() == 1
    assert topics() == ["appointment.requested", f"appointment.{status}"]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("confirm", "decline"),
        ("decline", "confirm"),
        ("decline", "cancel"),
        ("cancel", "confirm"),
        ("cancel", "decline"),
    ],
)
def test_a_decision_that_contradicts_an_earlier_one_is_refused(ask, first, then):
    visit = ask()
    decided = MOVES[first](appointment=visit, how=HOW.API)
    with pytest.raises(InvalidTransition) as refusal:
        MOVES[then](appointment=visit, how=HOW.API)

    assert refusal.value.code == "invalid_transition"
    assert f"a visit that is {decided.status} cannot become" in refusal.value.message
    assert len(texts_sent()) == 1


def test_a_confirmed_visit_can_be_canceled_and_its_time_is_free_again(ask):
    visit = ask()
    services.confirm(appointment=visit, how=HOW.PHONE)
    services.cancel(appointment=visit, how=HOW.ADMIN, reason="The van broke down")

    assert ask(key="second").starts_at == TUESDAY_10
    assert "van" not in texts_sent()[-1]


def test_a_customer_who_cancels_is_told_by_whoever_answers_them(ask):
    services.cancel(appointment=ask(), how=HOW.CUSTOMER)

    assert texts_sent() == []
    assert topics() == ["appointment.requested", "appointment.canceled"]


def test_a_visit_whose_time_has_passed_is_not_confirmed(ask, time_machine):
    visit = ask()
    time_machine.move_to(TUESDAY_10)
    with pytest.raises(InvalidTransition) as refusal:
        services.confirm(appointment=visit, how=HOW.API)

    assert refusal.value.message == "the time of this visit has passed"


def test_a_customer_who_may_not_be_texted_has_the_visit_all_the_same(ask, caplog):
    visit = ask()
    Contact.objects.update(opted_out_at=NOW)

    assert services.confirm(appointment=visit, how=HOW.API).status == "confirmed"
    assert texts_sent() == []
    assert "may not be told of their visit" in caplog.text


def test_a_decision_reaches_the_customers_phone(ask, twilio_api, do_due_work):
    visit = ask()
    services.confirm(appointment=visit, how=HOW.API)
    do_due_work()

    assert "is confirmed" in twilio_api.messages(to=CUSTOMER)[0]["body"]


@pytest.mark.parametrize("change", [{"conversation": None}, {}], ids=["conversation gone", "number released"])
def test_the_customer_is_told_from_another_number_if_need_be(ask, acme, change):
    visit = ask()
    Appointment.objects.update(**change)
    PhoneNumber.objects.update(state="released", is_primary=False)
    PhoneNumber.objects.create(tenant=acme, number="+15005550101")
    visit.refresh_from_db()
    services.confirm(appointment=visit, how=HOW.API)

    assert Message.objects.get(to_number=CUSTOMER).from_number == "+15005550101"


def test_without_a_number_the_log_says_what_to_do(ask, caplog):
    visit = ask()
    PhoneNumber.objects.update(state="released", is_primary=False)

    assert services.confirm(appointment=visit, how=HOW.API).status == "confirmed"
    assert "give the business a number that can send texts" in caplog.text


def test_a_spanish_speaker_reads_spanish(ask, conversation):
    visit = ask(start=at("2035-11-27T13:30:00-05:00"))
    Conversation.objects.update(language="es")
    services.confirm(appointment=visit, how=HOW.API)

    assert "su visita del martes 27 de noviembre a la 1:30 p. m. queda confirmada" in texts_sent()[0]


def test_a_business_has_its_own_words(ask, acme):
    TextTemplate.objects.create(tenant=acme, key="appointment_confirmed", body="{business}: see you {when}!")
    services.confirm(appointment=ask(), how=HOW.API)

    assert texts_sent() == ["Acme Plumbing: see you Tuesday, November 27 at 10:00 AM!"]
