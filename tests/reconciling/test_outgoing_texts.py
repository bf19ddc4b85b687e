"""Texts of ours that Twilio has and we lost track of: those that left do not leave again."""

from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from calls.models import Call
from conversations.models import Conversation, Entry
from sms import reconciling, services
from sms.models import Message
from tenants.compliance import Purpose
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, make_business
from tests.fixtures.webhooks import ACCOUNT
from tests.reconciling.conftest import sent_by_us

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)


def queue_text(body: str = "On our way", *, ago: timedelta, status: str = "queued", **fields) -> Message:
    """A text of ours as a dump from then has it."""
    message = services.send_message(
        number=PhoneNumber.objects.select_related("tenant").get(number=ACME_NUMBER),
        to_number=CUSTOMER,
        body=body,
        purpose=Purpose.REPLY,
        idempotency_key=f"{body}:{ago}",
    )
    Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - ago, status=status, **fields)
    return Message.objects.get(pk=message.pk)


@pytest.mark.parametrize("status", ["queued", "sending", "unknown"])
def test_a_restored_row_that_twilio_has_is_bound_and_not_sent_again(acme, lists, since, reconcile, do_due_work, status):
    since(3 * HOUR)
    row = queue_text(ago=2 * HOUR, status=status)
    sent = lists.outgoing("On our way", ago=2 * HOUR - MINUTES)

    assert reconcile()["bound"] == 1
    row.refresh_from_db()
    assert (row.message_sid, row.status, row.next_attempt_at) == (sent.sid, "delivered", None)
    assert abs(row.sent_at - sent.sent_at) < timedelta(seconds=2)
    do_due_work()
    assert sent_by_us(lists) == []


def test_a_row_that_is_held_for_the_morning_is_bound_too(acme, lists, since, reconcile):
    since(3 * HOUR)
    row = queue_text(ago=2 * HOUR, next_attempt_at=timezone.now() + 5 * HOUR)
    lists.outgoing("On our  way", ago=HOUR)
    reconcile()

    row.refresh_from_db()
    assert (row.status, row.next_attempt_at) == ("delivered", None)


def test_a_text_that_smart_encoding_changed_is_bound_too(acme, lists, since, reconcile):
    since(3 * HOUR)
    row = queue_text("We’re on our way – “about noon”…", ago=2 * HOUR)
    lists.outgoing('We\'re on our way - "about noon"...', ago=HOUR)
    reconcile()

    row.refresh_from_db()
    assert row.status == "delivered"


def test_each_text_is_bound_to_one_row(acme, lists, since, reconcile):
    since(3 * HOUR)
    rows = [queue_text(ago=2 * HOUR - n * MINUTES) for n in range(3)]
    sids = [lists.outgoing("On our way", ago=HOUR - n * MINUTES).sid for n in range(2)]
    reconcile()

    for row in rows:
        row.refresh_from_db()
    assert [row.message_sid for row in rows] == [*sids, None]
    assert rows[2].status == "queued"


def test_while_a_text_of_a_pool_is_bound_its_number_takes_calls(transactional_db, lists):
    """A row about a number, such as a call's, shares a lock on the number's own."""
    make_business()
    PhoneNumber.objects.update(messaging_service_sid="MG" + "a" * 32)
    queue_text(ago=2 * HOUR)
    lists.outgoing("On our way", ago=HOUR)
    now = timezone.now()
    [record] = reconciling.outgoing_page(ACCOUNT, since=now - 3 * HOUR, until=now).records
    with closing(connection.copy()) as other, transaction.atomic():
        assert reconciling.mend_outgoing(ACCOUNT, record) == "bound"
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM (SELECT 1 FROM tenants_phonenumber FOR KEY SHARE NOWAIT) AS free")

            assert cursor.fetchone() == (1,)


def test_what_was_queued_after_it_is_another_text(acme, lists, since, reconcile):
    since(3 * HOUR)
    lists.outgoing("On our way", ago=2 * HOUR)
    row = queue_text(ago=HOUR)

    assert reconcile()["created"] == 1
    row.refresh_from_db()
    assert row.message_sid is None


def test_a_text_without_a_row_gets_one_in_the_customers_thread(acme, twilio, lists, since, reconcile, do_due_work):
    twilio.text("Hello")
    do_due_work()
    since(3 * HOUR)
    sent = lists.outgoing("Hi! I missed your call.", ago=HOUR)

    assert reconcile()["created"] == 1
    row = Message.objects.get(message_sid=sent.sid)
    assert (row.purpose, row.direction, row.status, row.tenant) == ("found", "outbound", "delivered", acme)
    assert (row.created_at, row.next_attempt_at) == (sent.created_at, None)
    assert row.reconciled_at is not None
    do_due_work()
    assert Entry.objects.filter(message=row, conversation=Conversation.objects.get()).exists()
    assert sent_by_us(lists) == []


def test_the_cooldown_sees_a_text_that_was_found(acme, lists, since, reconcile, tell_owner):
    since(3 * HOUR)
    lists.outgoing("Hi! I missed your call.", ago=4 * MINUTES)
    lists.call(ago=5 * MINUTES, status="no-answer")
    reconcile()
    tell_owner()

    assert Call.objects.get().outcome == "missed"
    assert sent_by_us(lists) == []


def test_a_status_that_went_on_is_moved_forward(acme, lists, since, reconcile):
    since(3 * HOUR)
    row = queue_text(ago=2 * HOUR, status="sent", message_sid="SM" + "a" * 32, next_attempt_at=None)
    lists.outgoing("On our way", ago=HOUR, sid="SM" + "a" * 32)

    assert reconcile()["moved"] == 1
    row.refresh_from_db()
    assert row.status == "delivered"
    since(3 * HOUR)
    assert "moved" not in reconcile()


def test_twilios_own_answers_and_other_numbers_are_left_alone(acme, lists, since, reconcile):
    since(3 * HOUR)
    lists.outgoing("You have successfully been unsubscribed.", ago=HOUR, direction="outbound-reply")
    lists.outgoing("Hi", ago=HOUR, from_="+15005559999")

    assert reconcile() == {"looked_at": 2, "ignored": 1}
    assert not Message.objects.exists()
