"""Calls of which no webhook told us: opened, decided, and followed by what still makes sense."""

from datetime import timedelta

import pytest

from calls import reconciling
from calls.models import Call
from nevermisscall.outbox.models import Fact
from sms.models import Message
from tests.calls.conftest import result_of, topics, verbs
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import TwilioPhone

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)


def phone_of(client, call) -> TwilioPhone:
    """The webhooks of a call that Twilio knows."""
    phone = TwilioPhone(client)
    phone.call_sid = call.sid
    return phone


def texts_to(number: str) -> list[Message]:
    return list(Message.objects.filter(to_number=number, direction="outbound").order_by("pk"))


def test_a_call_that_no_webhook_brought_is_missed_at_twilios_time(acme, lists, since, reconcile):
    since(2 * HOUR)
    call = lists.call(ago=HOUR)
    lists.leg(call)

    assert reconcile() == {"looked_at": 1, "created": 1, "ignored": 0}
    row = Call.objects.get()
    assert (row.call_sid, row.from_number, row.to_number, row.tenant) == (call.sid, CUSTOMER, ACME_NUMBER, acme)
    assert (row.outcome, row.missed_reason, row.status) == ("missed", "no_answer", "completed")
    assert (row.started_at, row.ended_at) == (call.created_at, call.ended_at)
    assert row.settle_at is None
    assert row.reconciled_at is not None
    assert topics(call.sid) == ["call.incoming", "call.missed", "call.completed"]


@pytest.mark.parametrize(
    ("screening", "leg", "expected"),
    [
        ("press_1", None, ("missed", "abandoned")),
        ("press_1", ("completed", 9), ("missed", "not_accepted")),  # voicemail heard the whisper
        ("press_1", ("completed", 300), ("answered", "")),  # the fallback at Twilio forwarded it
        ("off", ("completed", 9), ("answered", "")),
        ("off", ("busy", 0), ("missed", "busy")),
        ("amd", ("completed", 9), ("answered", "")),
    ],
)
def test_its_outcome_is_what_twilios_legs_say(acme, lists, since, reconcile, screening, leg, expected):
    acme.answer_screening = screening
    acme.save()
    since(2 * HOUR)
    call = lists.call(ago=HOUR, lasted=310)
    if leg:
        lists.leg(call, *leg)
    reconcile()

    assert result_of(call.sid) == expected


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
def test_a_call_that_was_never_picked_up_is_missed_without_asking_for_legs(acme, lists, since, reconcile, status):
    since(2 * HOUR)
    call = lists.call(ago=HOUR, status=status)
    reconcile()

    assert result_of(call.sid) == ("missed", "abandoned")
    assert Call.objects.get().status == status


def test_calls_that_are_not_to_be_answered_are_refused(acme, lists, since, reconcile):
    since(2 * HOUR)
    from_owner = lists.call(ago=HOUR, from_=OWNER_PHONE)
    own_number = lists.call(ago=HOUR, from_=ACME_NUMBER)
    reconcile()

    assert result_of(from_owner.sid) == result_of(own_number.sid) == ("refused", "")
    assert not Fact.objects.filter(topic="call.missed").exists()


def test_a_call_that_goes_on_gets_its_row_and_is_settled_later(acme, lists, since, reconcile):
    since(2 * HOUR)
    call = lists.call(ago=5 * MINUTES, status="in-progress")
    reconcile()

    row = Call.objects.get()
    assert (row.call_sid, row.outcome, row.status) == (call.sid, "", "in-progress")
    assert row.settle_at is not None


def test_other_numbers_legs_and_outgoing_calls_are_left_alone(acme, lists, since, reconcile):
    since(2 * HOUR)
    lists.call(ago=HOUR, to="+15005559999")
    lists.call(ago=HOUR, direction="outbound-api", from_=ACME_NUMBER, to=OWNER_PHONE)
    call = lists.call(ago=HOUR)
    lists.leg(call)

    assert reconcile() == {"looked_at": 2, "created": 1, "ignored": 1}
    assert [row.call_sid for row in Call.objects.all()] == [call.sid]


def test_what_is_here_already_changes_nothing(acme, twilio, lists, since, reconcile):
    since(2 * HOUR)
    twilio.answered_call()
    lists.call(ago=5 * MINUTES, sid=twilio.call_sid)
    before = topics(twilio.call_sid), list(Call.objects.values())

    assert reconcile() == {"looked_at": 1, "ignored": 0}
    assert (topics(twilio.call_sid), list(Call.objects.values())) == before


def test_a_second_run_changes_nothing(acme, lists, since, reconcile, do_due_work):
    since(2 * HOUR)
    for n in range(3):
        lists.leg(lists.call(ago=HOUR + n * MINUTES, from_=f"+1415555020{n}"))
    assert reconcile()["created"] == 3
    before = Fact.objects.count(), Message.objects.count()
    since(2 * HOUR)

    assert "created" not in reconcile()
    assert (Fact.objects.count(), Message.objects.count()) == before


# -- beside its webhooks ----------------------------------------------------------------------------------------------


def test_webhooks_that_come_after_all_change_nothing(acme, client, lists, since, reconcile):
    since(2 * HOUR)
    call = lists.call(ago=HOUR)
    lists.leg(call)
    reconcile()
    before = topics(call.sid)
    phone = phone_of(client, call)

    assert verbs(phone.incoming_call()) == ["Dial", "Number"]  # somebody may be on the line
    phone.dial_action(DialCallStatus="no-answer", CallStatus="completed")
    phone.call_ends()
    assert result_of(call.sid) == ("missed", "no_answer")
    assert topics(call.sid) == before


def test_a_webhook_that_comes_between_look_and_mend_wins(acme, client, lists, since):
    call = lists.call(ago=5 * MINUTES)
    page = reconciling.page(call.account_sid, since=call.created_at, until=call.created_at)
    (record,), _ = reconciling.look(call.account_sid, page.records)
    phone = phone_of(client, call)
    phone.incoming_call()
    phone.press("1")
    phone.dial_action(DialCallStatus="completed", DialBridged="true", DialCallDuration="42")

    assert reconciling.mend(call.account_sid, record) == ""
    assert result_of(call.sid) == ("answered", "")
    assert Call.objects.get().reconciled_at is None


def test_a_call_whose_end_never_came_is_settled(acme, client, lists, since, reconcile):
    since(2 * HOUR)
    call = lists.call(ago=HOUR)
    lists.leg(call)
    phone_of(client, call).incoming_call()

    assert reconcile()["settled"] == 1
    assert result_of(call.sid) == ("missed", "abandoned")
    assert Call.objects.get().ended_at == call.ended_at


def test_a_call_that_has_just_ended_waits_for_its_callbacks(acme, client, lists, since, reconcile):
    since(2 * HOUR)
    call = lists.call(ago=2 * MINUTES, lasted=60)
    phone_of(client, call).incoming_call()

    assert "settled" not in reconcile()
    assert result_of(call.sid) == ("", "")


# -- what follows -----------------------------------------------------------------------------------------------------


def test_a_caller_of_a_few_minutes_ago_is_texted_once(acme, lists, since, reconcile, do_due_work):
    since(2 * HOUR)
    lists.leg(lists.call(ago=5 * MINUTES))
    reconcile()
    do_due_work()

    (text,) = texts_to(CUSTOMER)
    assert text.purpose == "missed_call"
    assert text.message_sid is not None
    assert not texts_to(OWNER_PHONE)


def test_pages_cost_the_same_however_many_calls_they_have(acme, twilio, client, lists, django_assert_num_queries):
    for n in range(6):
        phone = TwilioPhone(client)
        phone.answered_call()
        lists.call(ago=HOUR + n * MINUTES, sid=phone.call_sid)
    now = lists.call(ago=3 * HOUR).created_at
    records = reconciling.page("AC" + "0" * 32, since=now, until=now + 4 * HOUR).records
    assert len(records) == 7

    with django_assert_num_queries(2):
        missing, _ = reconciling.look("AC" + "0" * 32, records)
    assert len(missing) == 1
