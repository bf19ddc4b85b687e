"""A time that nobody confirms is given back, and who is told."""

from datetime import time, timedelta

import pytest

from conversations.booking import expiring, services
from conversations.booking.models import Appointment
from conversations.booking.services import SlotTaken
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.outbox import queues, work
from sms.models import Message
from tenants.models import BusinessHours
from tests.conversations.booking.conftest import HOW, TUESDAY_10, converse, texts_sent, topics
from tests.fixtures.people import CUSTOMER, OWNER_PHONE


def hold_ends(appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(hold_expires_at=DatabaseClock())
    assert work.run_one(queues.get("booking.holds"), appointment.pk)
    appointment.refresh_from_db()


@pytest.mark.parametrize(("hours", "kept"), [(2, 2), (72, 24)], ids=["until the visit", "for a day"])
def test_a_time_is_kept_for_a_day_and_never_past_its_beginning(acme, client, hours, kept):
    for weekday in range(7):
        BusinessHours.objects.create(tenant=acme, weekday=weekday, opens_at=time(0), closes_at=time(0))
    now = utcnow()
    visit = services.request(conversation=converse(client), start=now + timedelta(hours=hours), key="first")

    assert abs(visit.hold_expires_at - now - timedelta(hours=kept)) < timedelta(minutes=2)


def test_nobody_confirms_and_the_customer_is_told_that_nothing_is_booked(ask):
    visit = ask()
    hold_ends(visit)

    assert (visit.status, visit.hold_expires_at, visit.decided_how) == ("expired", None, "system")
    [message] = Message.objects.filter(to_number=CUSTOMER)
    assert "so it is not booked" in message.body
    assert message.purpose == "notice"
    assert topics() == ["appointment.requested", "appointment.expired"]
    assert ask(key="second").starts_at == TUESDAY_10


def test_the_owner_is_told_that_the_time_is_free_again(ask, conversation):
    hold_ends(ask())
    [alert] = Message.objects.filter(to_number=OWNER_PHONE, purpose="owner_alert")

    assert (
        f"{conversation} (415) 555-0123: nobody confirmed the visit on Tuesday, November 27 at 10:00 AM" in alert.body
    )


def test_what_is_no_longer_so_is_not_sent(ask):
    visit = ask()
    hold_ends(visit)
    services.confirm(appointment=visit, how=HOW.PHONE)

    statuses = dict(Message.objects.filter(to_number=CUSTOMER).values_list("idempotency_key", "status"))
    assert statuses == {f"appointment:{visit.pk}:expired": "canceled", f"appointment:{visit.pk}:confirmed": "queued"}


def test_a_late_confirmation_counts_while_the_time_is_free(ask):
    visit = ask()
    hold_ends(visit)

    assert services.confirm(appointment=visit, how=HOW.PHONE).status == "confirmed"
    assert "is confirmed" in texts_sent()[-1]


def test_a_late_confirmation_is_refused_once_somebody_else_has_the_time(ask):
    visit = ask()
    hold_ends(visit)
    ask(key="second")
    with pytest.raises(SlotTaken):
        services.confirm(appointment=visit, how=HOW.PHONE)


def test_a_decided_visit_has_no_hold_to_end(ask):
    visit = ask()
    services.confirm(appointment=visit, how=HOW.API)

    assert not work.run_one(expiring.QUEUE, visit.pk)


def test_a_decision_while_the_hold_is_ending_wins(ask):
    visit = ask()
    Appointment.objects.update(hold_expires_at=DatabaseClock())
    [claimed] = work.claim(expiring.QUEUE, limit=1)
    services.confirm(appointment=visit, how=HOW.API)
    work.run_claimed(expiring.QUEUE, claimed)

    visit.refresh_from_db()
    assert visit.status == "confirmed"
    assert len(texts_sent()) == 1
