"""Asking for a visit, and what becomes of it."""

from datetime import time, timedelta

import pytest

from conversations.booking import expiring, services
from conversations.booking.models import Appointment, BusyTime, Resource
from conversations.booking.services import InvalidTransition, SlotTaken
from conversations.models import Conversation, Entry
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.outbox import queues, work
from nevermisscall.outbox.models import Fact
from sms.models import Message
from tenants.models import BusinessHours, Contact, PhoneNumber, TextTemplate
from tests.conversations.booking.conftest import NOW, TUESDAY_10, at, converse
from tests.fixtures.people import CUSTOMER, OWNER_PHONE

HOW = Appointment.How
MOVES = {"confirm": services.confirm, "decline": services.decline, "cancel": services.cancel}


def texts_sent() -> list[str]:
    return list(Message.objects.filter(direction="outbound").order_by("pk").values_list("body", flat=True))


def topics() -> list[str]:
    return list(Fact.objects.filter(topic__startswith="appointment.").order_by("pk").values_list("topic", flat=True))


def hold_ends(appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(hold_expires_at=DatabaseClock())
    assert work.run_one(queues.get("booking.holds"), appointment.pk)
    appointment.refresh_from_db()


# -- asking -----------------------------------------------------------------------------------------------------------


def test_a_time_that_is_asked_for_is_held_and_nobody_is_texted(ask, conversation):
    visit = ask()

    assert (visit.status, visit.starts_at, visit.ends_at) == ("requested", TUESDAY_10, at("2035-11-27T11:00-05:00"))
    assert visit.resource == Resource.objects.get(tenant=conversation.tenant)
    assert texts_sent() == []
    fact = Fact.objects.get(topic="appointment.requested")
    assert fact.aggregate == f"appointment:{visit.pk}"
    assert fact.data == {
        "appointment_id": visit.pk,
        "conversation_id": conversation.pk,
        "user_id": None,
        "customer_phone": CUSTOMER,
        "starts_at": "2035-11-27T15:00:00+00:00",
        "ends_at": "2035-11-27T16:00:00+00:00",
        "job_type": "plumbing_drain",
    }


def test_asking_again_under_the_same_key_changes_nothing(ask):
    first, again = ask(), ask(start=TUESDAY_10 + timedelta(hours=3))

    assert (again.pk, again.starts_at) == (first.pk, TUESDAY_10)
    assert topics() == ["appointment.requested"]


@pytest.mark.parametrize("minutes", [-59, -30, 0, 30, 59])
def test_a_time_that_somebody_has_is_refused(ask, minutes):
    ask()
    with pytest.raises(SlotTaken, match="slot_taken"):
        ask(start=TUESDAY_10 + timedelta(minutes=minutes), key="second")

    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("minutes", [-60, 60])
def test_the_time_right_before_and_after_is_free(ask, minutes):
    ask()

    assert ask(start=TUESDAY_10 + timedelta(minutes=minutes), key="second").status == "requested"


@pytest.mark.parametrize(
    "start",
    [
        "2035-11-26T07:30:00-05:00",  # before now
        "2035-11-27T07:30:00-05:00",  # before opening
        "2035-11-27T16:30:00-05:00",  # would end after closing
        "2035-12-01T10:00:00-05:00",  # Saturday
    ],
)
def test_a_time_outside_the_hours_is_refused(ask, start):
    with pytest.raises(SlotTaken):
        ask(start=at(start))


def test_a_time_between_the_offered_ones_will_do(ask):
    assert ask(start=at("2035-11-27T10:10:45-05:00")).starts_at == at("2035-11-27T10:10:00-05:00")


def test_a_busy_time_is_refused(ask, conversation):
    resource = Resource.objects.create(tenant=conversation.tenant, name="Van")
    BusyTime.objects.create(
        tenant=conversation.tenant,
        resource=resource,
        starts_at=TUESDAY_10 + timedelta(minutes=59),
        ends_at=TUESDAY_10 + timedelta(hours=2),
    )
    with pytest.raises(SlotTaken):
        ask()


def test_two_crews_make_two_visits_at_a_time(ask, conversation):
    for name in ("North", "South"):
        Resource.objects.create(tenant=conversation.tenant, name=name)
    Resource.objects.create(tenant=conversation.tenant, name="Sold van", is_active=False)

    assert [ask(key=key).resource.name for key in "ab"] == ["North", "South"]
    with pytest.raises(SlotTaken):
        ask(key="c")


def test_another_business_has_its_own_times(ask, rival, client):
    ask()
    theirs = converse(client, From="+14155550177", To="+15005550900")

    assert ask(conversation=theirs).tenant == rival


# -- deciding ---------------------------------------------------------------------------------------------------------


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


def test_words_that_are_too_long_or_cannot_be_stored_cost_nobody_their_visit(ask):
    visit = ask(job_type="x" * 200, problem="dr\x00ip", address="y" * 1000)

    assert (len(visit.job_type), visit.problem, len(visit.address)) == (60, "drip", 300)


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


# -- holds that end ---------------------------------------------------------------------------------------------------


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
