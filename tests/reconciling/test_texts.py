"""Texts that Twilio knows and we do not: those that left do not leave again, old ones that came are not answered."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from calls.models import Call
from conversations.models import Conversation, Entry, LateNews
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox.models import Fact
from sms import reconciling, services
from sms.models import Message, MessageMedia, SendAttempt
from tenants.compliance import Purpose
from tenants.models import Contact, PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)
AT_TWILIO = "outgoing"


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


def sent_by_us(lists) -> list[str]:
    """What Twilio was asked to send."""
    return [entry["body"] for entry in lists.control.ledger() if entry["kind"] == "message"]


def to_owner() -> list[str]:
    return list(Message.objects.filter(to_number=OWNER_PHONE).order_by("pk").values_list("body", flat=True))


@pytest.fixture
def tell_owner(do_due_work):
    """Do what is due, and what the owner is told late."""

    def run() -> None:
        do_due_work()
        LateNews.objects.filter(told_at=None).update(tell_at=DatabaseClock())
        do_due_work()

    return run


@pytest.fixture(autouse=True)
def daytime(monkeypatch):
    monkeypatch.setattr("conversations.late_news.FROM_HOUR", 0)
    monkeypatch.setattr("conversations.late_news.TO_HOUR", 24)


# -- those that left --------------------------------------------------------------------------------------------------


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


def test_each_text_is_bound_to_one_row(acme, lists, since, reconcile):
    since(3 * HOUR)
    rows = [queue_text(ago=2 * HOUR - n * MINUTES) for n in range(3)]
    sids = [lists.outgoing("On our way", ago=HOUR - n * MINUTES).sid for n in range(2)]
    reconcile()

    for row in rows:
        row.refresh_from_db()
    assert [row.message_sid for row in rows] == [*sids, None]
    assert rows[2].status == "queued"


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


# -- those that came in -----------------------------------------------------------------------------------------------


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


# -- STOP and START, by when they were written ------------------------------------------------------------------------


def opted_out() -> bool:
    return Contact.objects.get(number=CUSTOMER).opted_out_at is not None


def test_a_stop_found_late_is_obeyed_without_an_answer(acme, lists, since, reconcile, do_due_work, settings):
    settings.TWILIO_ANSWERS_KEYWORDS = False
    since(3 * HOUR)
    stop = lists.text("STOP", ago=HOUR)
    reconcile()
    do_due_work()

    assert abs(Contact.objects.get().opted_out_at - stop.created_at) < timedelta(seconds=1)
    assert sent_by_us(lists) == []


def test_a_stop_found_late_does_not_override_a_later_start(acme, twilio, lists, since, reconcile, do_due_work):
    twilio.text("Hello")
    do_due_work()
    twilio.text("START")
    since(3 * HOUR)
    lists.text("STOP", ago=HOUR)
    reconcile()
    do_due_work()

    assert not opted_out()
    assert Conversation.objects.get().status != "completed"


def test_a_start_found_late_does_not_override_a_later_stop(acme, twilio, lists, since, reconcile):
    twilio.text("STOP")
    since(3 * HOUR)
    lists.text("START", ago=HOUR)
    reconcile()

    assert opted_out()


def test_a_start_between_two_stops_counts_for_nothing(acme, twilio, lists, since, reconcile):
    since(3 * HOUR)
    lists.text("STOP", ago=2 * HOUR)
    reconcile()
    twilio.text("STOP")
    since(3 * HOUR)
    lists.text("START", ago=HOUR)
    reconcile()

    assert opted_out()


def test_both_found_late_count_in_their_order(acme, lists, since, reconcile):
    since(3 * HOUR)
    lists.text("STOP", ago=HOUR)
    lists.text("START", ago=HOUR - MINUTES)
    reconcile()

    assert not opted_out()


def test_a_stop_that_waits_in_the_journal_does_not_override_a_later_start(acme, client, twilio, monkeypatch, replay):
    with monkeypatch.context() as broken:
        broken.setattr("sms.receiving.receive_text", lambda text: 1 / 0)
        twilio.text("STOP")
    later = datetime.now(UTC) + timedelta(seconds=30)
    with monkeypatch.context() as afterwards:
        afterwards.setattr("tenants.consenting.utcnow", lambda: later)
        twilio.text("START")
    replay()

    assert Message.objects.filter(taken_as="stop").exists()
    assert not opted_out()


# -- at once with the webhook -----------------------------------------------------------------------------------------


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
