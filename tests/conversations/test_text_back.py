"""What follows a missed call: one text, or news for the owner."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from calls.models import Call
from conversations import text_back
from conversations.models import Conversation, Entry
from nevermisscall.outbox.models import Fact
from sms.models import Message, Status
from tenants.compliance import Purpose
from tenants.models import Contact, OwnerNumber, PhoneNumber, Tenant, TextTemplate
from tests.fixtures.people import CUSTOMER, OWNER_PHONE, make_business
from tests.fixtures.webhooks import TwilioPhone


def miss(client, **fields) -> Call:
    """A customer calls and nobody answers."""
    phone = TwilioPhone(client)
    phone.incoming_call(**fields)
    phone.dial_action(DialCallStatus="no-answer", **fields)
    return Call.objects.get(call_sid=phone.call_sid)


def texts_to(number: str) -> list[str]:
    return list(Message.objects.filter(to_number=number).order_by("pk").values_list("body", flat=True))


def test_a_missed_call_opens_a_conversation_and_queues_one_text(acme, client, twilio_api, do_due_work):
    call = miss(client)
    do_due_work()

    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.customer_phone, conversation.call) == ("active", CUSTOMER, call)
    message = Message.objects.get()
    assert message.idempotency_key == f"missed-call:{call.call_sid}"
    assert message.body.startswith("Hi! I missed your call. This is Acme Plumbing")
    assert "STOP" in message.body
    assert [entry.call or entry.message for entry in Entry.objects.all()] == [call, message]
    assert Fact.objects.get(topic="conversation.created").data["customer_phone"] == CUSTOMER


def test_a_second_miss_within_the_cooldown_joins_the_conversation_without_a_text(acme, client, twilio_api, do_due_work):
    miss(client)
    do_due_work()
    miss(client)
    do_due_work()

    assert len(texts_to(CUSTOMER)) == 1
    assert Entry.objects.filter(call__isnull=False).count() == 2
    assert Conversation.objects.count() == 1
    assert texts_to(OWNER_PHONE) == []


def test_after_the_cooldown_the_customer_is_texted_again(acme, client, twilio_api, do_due_work):
    miss(client)
    do_due_work()
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=31))
    miss(client)
    do_due_work()

    assert len(texts_to(CUSTOMER)) == 2


def test_a_text_that_failed_does_not_count_for_the_cooldown(acme, client, twilio_api, do_due_work):
    miss(client)
    do_due_work()
    Message.objects.update(status=Status.FAILED)
    miss(client)
    do_due_work()

    assert len(texts_to(CUSTOMER)) == 2


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        ("", "a withheld number"),
        ("anonymous", "a withheld number"),
        ("+266696687", "a withheld number"),
        ("+18005550123", "(800) 555-0123"),
        ("sip:ann@example.com", "sip:ann@example.com"),
        ("72345", "72345"),
    ],
)
def test_a_caller_who_cannot_be_texted_is_told_to_the_owner(acme, client, twilio_api, do_due_work, caller, said):
    miss(client, From=caller)
    do_due_work()

    [alert] = texts_to(OWNER_PHONE)
    assert f"missed call from {said}" in alert
    assert "not a mobile number" in alert
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ({"opted_out_at": "2026-01-01T00:00Z"}, "opted out"),
        ({"is_landline": True}, "landline"),
        ({"is_personal": True}, "personal contact"),
    ],
)
def test_a_contact_who_must_not_be_texted_is_told_to_the_owner(acme, client, twilio_api, do_due_work, contact, reason):
    Contact.objects.create(tenant=acme, number=CUSTOMER, **contact)
    miss(client)
    do_due_work()

    assert texts_to(CUSTOMER) == []
    assert reason in texts_to(OWNER_PHONE)[0]


def test_a_text_back_that_comes_too_late_becomes_news_for_the_owner(acme, client, twilio_api, do_due_work):
    call = miss(client)
    Call.objects.filter(pk=call.pk).update(ended_at=timezone.now() - timedelta(minutes=16))
    do_due_work()

    assert twilio_api.messages(to=CUSTOMER) == []
    assert "too much time had passed" in texts_to(OWNER_PHONE)[0]


def test_an_undelivered_text_back_becomes_news_for_the_owner_once(acme, client, twilio, twilio_api, do_due_work):
    miss(client)
    do_due_work()
    sid = Message.objects.get().message_sid
    for _ in range(2):
        twilio.message_status(sid, "undelivered", ErrorCode="30005")
    do_due_work()

    assert len(texts_to(OWNER_PHONE)) == 1


def test_without_an_owner_phone_the_log_says_what_to_do(db, client, twilio_api, do_due_work, caplog):
    make_business(owners=())
    miss(client, From="anonymous")
    do_due_work()

    assert "give the business an owner number" in caplog.text


def test_the_alert_goes_to_the_first_owner_and_from_the_primary_number(acme, client, twilio_api, do_due_work):
    PhoneNumber.objects.create(tenant=acme, number="+15005550101", is_primary=False)
    OwnerNumber.objects.create(tenant=acme, number="+15005550201", position=5)
    miss(client, From="anonymous", To="+15005550101")
    do_due_work()

    alert = Message.objects.get(purpose=Purpose.OWNER_ALERT)
    assert (alert.from_number, alert.to_number) == ("+15005550100", OWNER_PHONE)


@pytest.mark.parametrize(("tenant", "contact"), [("es", ""), ("en", "es")], ids=["business", "customer"])
def test_the_text_is_in_the_customers_language(db, client, twilio_api, do_due_work, tenant, contact):
    business = make_business(language=tenant)
    Contact.objects.create(tenant=business, number=CUSTOMER, language=contact)
    miss(client)
    do_due_work()

    assert texts_to(CUSTOMER)[0].startswith("¡Hola! No pude contestar su llamada")


def test_a_business_has_its_own_words(acme, client, twilio_api, do_due_work):
    TextTemplate.objects.create(tenant=acme, key="missed_call", language="en", body="{business} here. Text us!")
    miss(client)
    do_due_work()

    assert texts_to(CUSTOMER) == ["Acme Plumbing here. Text us!"]


def test_an_answered_call_gets_no_text(acme, twilio, twilio_api, do_due_work):
    twilio.answered_call()
    do_due_work()

    assert not Message.objects.exists()
    assert not Conversation.objects.exists()


def test_a_suspended_business_texts_nobody(acme, client, twilio_api, do_due_work):
    miss(client)
    Tenant.objects.update(status=Tenant.Status.SUSPENDED)
    do_due_work()

    assert twilio_api.messages() == []


def test_another_business_sees_nothing(acme, rival, client, twilio_api, do_due_work):
    miss(client)
    do_due_work()

    assert not Conversation.objects.filter(tenant=rival).exists()
    assert not Message.objects.filter(tenant=rival).exists()
    assert not Contact.objects.filter(tenant=rival).exists()


@pytest.mark.django_db(transaction=True)
def test_two_misses_of_one_customer_at_once_give_one_text(client):
    make_business()
    calls = [miss(client) for _ in range(6)]
    barrier = threading.Barrier(len(calls))

    def answer(call: Call) -> None:
        barrier.wait()
        text_back.answer_missed_call(call_id=call.pk)
        connection.close()

    threads = [threading.Thread(target=answer, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(texts_to(CUSTOMER)) == 1
    assert Conversation.objects.count() == 1
    assert Entry.objects.filter(call__isnull=False).count() == 6
