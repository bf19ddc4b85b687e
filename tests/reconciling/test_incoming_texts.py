"""Texts that came while we were away are received, and old ones are not answered."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from conversations.models import Conversation
from nevermisscall.outbox.models import Fact
from sms import reconciling
from sms.models import Message, MessageMedia, SendAttempt
from tests.fixtures.people import CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone
from tests.reconciling.conftest import sent_by_us

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)


def to_owner() -> list[str]:
    return list(Message.objects.filter(to_number=OWNER_PHONE).order_by("pk").values_list("body", flat=True))


def test_a_text_that_no_webhook_brought_is_received_at_twilios_time(acme, lists, since, reconcile, do_due_work):
    since(3 * HOUR)
    text = lists.text("My sink is leaking", ago=5 * MINUTES)

    assert reconcile()["created"] == 1
    row = Message.objects.get()
    assert (row.message_sid, row.taken_as, row.tenant, row.body) == (text.sid, "conversation", acme, text.body)
    assert abs(row.created_at - text.created_at) < timedelta(seconds=1)
    do_due_work()
    conversation = Conversation.objects.get()
    assert conversation.ai_due_at is not None  # as if the webhook had come
    assert conversation.last_customer_message == row


def test_an_old_text_waits_for_a_person_and_the_owner_is_told(acme, lists, since, reconcile, tell_owner):
    since(3 * HOUR)
    lists.text("My sink is leaking", ago=HOUR)
    reconcile()
    tell_owner()

    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.ai_due_at) == ("active", None)
    assert conversation.is_waiting
    (alert,) = to_owner()
    assert "My sink is leaking" in alert
    assert sent_by_us(lists) == [alert]  # nothing to the customer


def test_an_old_emergency_alarms_the_owner_at_once(acme, lists, since, reconcile, tell_owner):
    since(3 * HOUR)
    lists.text("I smell gas in the kitchen", ago=HOUR)
    reconcile()
    tell_owner()

    assert Fact.objects.filter(topic="emergency.detected").count() == 1
    assert to_owner()[0].startswith("EMERGENCY")
    assert not Message.objects.filter(to_number=CUSTOMER).exists()
    assert Conversation.objects.get().ai_due_at is None


def test_what_was_answered_since_needs_no_answer(acme, lists, since, reconcile, tell_owner):
    since(3 * HOUR)
    lists.text("My sink is leaking", ago=5 * MINUTES)
    lists.text("And the tap", ago=HOUR, from_="+14155550199")
    lists.outgoing("When can we come?", ago=4 * MINUTES)
    lists.outgoing("We are there", ago=50 * MINUTES, to="+14155550199")
    reconcile()
    tell_owner()

    assert Conversation.objects.filter(ai_due_at__isnull=False).count() == 0
    assert Conversation.objects.count() == 2
    assert sent_by_us(lists) == []


def test_its_webhook_that_comes_after_all_is_a_repeat(acme, client, lists, since, reconcile, do_due_work):
    since(3 * HOUR)
    text = lists.text("My sink is leaking", ago=5 * MINUTES)
    reconcile()
    do_due_work()
    before = Fact.objects.count(), Message.objects.count()
    answer = TwilioPhone(client).text("My sink is leaking", MessageSid=text.sid)

    assert answer.status_code == 200
    do_due_work()
    assert (Fact.objects.count(), Message.objects.count()) == before


def test_a_second_run_changes_nothing(acme, lists, since, reconcile, do_due_work):
    since(3 * HOUR)
    lists.text("My sink is leaking", ago=5 * MINUTES)
    lists.outgoing("Hi", ago=HOUR, to="+14155550199")
    reconcile()
    before = Fact.objects.count(), Message.objects.count()
    since(3 * HOUR)

    assert reconcile() == {"looked_at": 2, "ignored": 0}
    assert (Fact.objects.count(), Message.objects.count()) == before


def test_pictures_come_along(acme, lists, since, reconcile):
    since(3 * HOUR)
    picture = lists.picture()
    lists.text("Look", ago=HOUR, media=[picture], sid="MM" + "b" * 32)
    reconcile()

    media = MessageMedia.objects.get()
    assert (media.media_sid, media.content_type, media.state) == (picture.sid, "image/png", "pending")


def test_an_old_text_of_the_owner_is_not_passed_on(acme, twilio, lists, since, reconcile, tell_owner):
    twilio.text("Hello")
    tell_owner()
    since(3 * HOUR)
    lists.text("#1 Coming at ten", ago=HOUR, from_=OWNER_PHONE)
    reconcile()
    tell_owner()

    assert not Message.objects.filter(to_number=CUSTOMER, body__contains="ten").exists()
    assert "Coming at ten" in to_owner()[-1]


def test_an_owners_text_that_went_out_before_does_not_go_out_again(acme, twilio, lists, since, reconcile, do_due_work):
    twilio.text("Hello")
    do_due_work()
    handle = Conversation.objects.get()
    since(3 * HOUR)
    lists.text(f"{handle} Coming at ten", ago=5 * MINUTES, from_=OWNER_PHONE)
    lists.outgoing("Coming at ten", ago=4 * MINUTES)
    reconcile()
    do_due_work()

    assert sent_by_us(lists) == []


@pytest.mark.django_db(transaction=True)
def test_webhook_and_list_at_once_receive_a_text_once(acme, client, lists):
    texts = [lists.text(f"Text {n}", ago=5 * MINUTES, from_=f"+1415555030{n % 3}") for n in range(9)]
    page = reconciling.incoming_page(ACCOUNT, since=texts[0].created_at - HOUR, until=datetime.now(UTC))
    records = {record.message_sid: record for record in page.records}
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def mend() -> None:
        try:
            for text in texts:
                together.wait(10)
                reconciling.mend_incoming(ACCOUNT, records[text.sid])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=mend)
    thread.start()
    for text in texts:
        together.wait(10)
        assert TwilioPhone(client).text(text.body, MessageSid=text.sid, From=text.from_).status_code == 200
    thread.join(20)

    assert not failures
    assert sorted(Message.objects.values_list("message_sid", flat=True)) == sorted(text.sid for text in texts)
    assert Fact.objects.filter(topic="sms.message_received").count() == 9


def test_pages_cost_the_same_however_many_texts_they_have(acme, lists, since, reconcile, django_assert_num_queries):
    since(3 * HOUR)
    began = lists.text("1", ago=HOUR).created_at
    for n in range(5):
        lists.text(str(n), ago=HOUR)
        lists.outgoing(str(n), ago=HOUR)
    reconcile()
    during = {"since": began - HOUR, "until": began + HOUR}

    for read, look in (
        (reconciling.incoming_page, reconciling.look_incoming),
        (reconciling.outgoing_page, reconciling.look_outgoing),
    ):
        records = read(ACCOUNT, **during).records
        assert len(records) >= 5
        with django_assert_num_queries(2):
            assert look(ACCOUNT, records) == ([], 0)
    assert not SendAttempt.objects.exists()
