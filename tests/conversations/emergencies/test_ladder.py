"""Who is told of an emergency, when, and what ends it."""

from datetime import timedelta

import pytest

from calls.alerts.models import AlertCall
from conversations import ownership
from conversations.emergencies import ladder, services
from conversations.emergencies.models import Escalation, Step
from conversations.models import Conversation
from nevermisscall.lib.clock import utcnow
from nevermisscall.outbox.models import Fact
from tenants.models import OwnerNumber
from tests.fixtures.people import CUSTOMER, OWNER_PHONE

BACKUP = "+15005550201"


@pytest.fixture
def backup(acme):
    return OwnerNumber.objects.create(tenant=acme, number=BACKUP, position=1)


@pytest.fixture
def emergency(twilio, twilio_api, acme, do_due_work):
    """A customer in danger; the ladder's first rung was climbed."""
    twilio.text("Gas leak in house!")
    do_due_work()
    return Escalation.objects.get()


@pytest.fixture
def wait_and_climb(do_due_work):
    """Let the next rung be due, and do it."""

    def climb() -> None:
        Escalation.objects.filter(escalate_at__isnull=False).update(escalate_at=Fact.objects.last().occurred_at)
        do_due_work()

    return climb


def told() -> list[str]:
    return list(Step.objects.order_by("pk").values_list("to_number", flat=True))


def texts_to(twilio_api, phone: str) -> list[str]:
    return [text["body"] for text in twilio_api.messages(to=phone)]


def test_the_owner_is_texted_and_called_at_once(emergency, twilio_api):
    conversation = Conversation.objects.get()
    (step,) = emergency.steps.all()

    assert conversation.urgency_level == "emergency"
    assert step.to_number == OWNER_PHONE
    assert f'EMERGENCY #{conversation.pk} (415) 555-0123: "Gas leak in house!"' in texts_to(twilio_api, OWNER_PHONE)[0]
    assert (step.alert_call.to_number, step.alert_call.connect_to) == (OWNER_PHONE, CUSTOMER)
    assert "Gas leak in house!" in step.alert_call.words


def test_the_next_person_is_a_minute_away(emergency, backup):
    wait = emergency.escalate_at - Step.objects.get().at

    assert timedelta(seconds=58) < wait < timedelta(seconds=62)


def test_everybody_is_told_in_turn_and_then_again(emergency, backup, wait_and_climb):
    wait_and_climb()
    wait_and_climb()

    assert told() == [OWNER_PHONE, BACKUP, OWNER_PHONE]


def test_the_customer_hears_when_nobody_was_reached(emergency, backup, wait_and_climb, twilio_api):
    wait_and_climb()

    assert any("have not got through yet" in text and "911" in text for text in texts_to(twilio_api, CUSTOMER))


def test_an_unanswered_call_brings_the_next_person_forward(emergency, backup, do_due_work):
    services.hurry(alert_call_id=Step.objects.get().alert_call_id)
    do_due_work()

    assert told() == [OWNER_PHONE, BACKUP]


def test_a_pressed_1_ends_it_and_gives_them_the_conversation(emergency, wait_and_climb):
    services.accept(alert_call_id=Step.objects.get().alert_call_id)
    wait_and_climb()

    emergency.refresh_from_db()
    conversation = Conversation.objects.get()
    assert (emergency.acknowledged_how, emergency.acknowledged_from) == ("call", OWNER_PHONE)
    assert (conversation.status, conversation.relay_to) == ("user_handling", OWNER_PHONE)
    assert told() == [OWNER_PHONE]
    assert Fact.objects.filter(topic="emergency.acknowledged").count() == 1


def test_a_takeover_ends_it_and_takes_the_call_back(emergency, backup, do_due_work, wait_and_climb):
    AlertCall.objects.update(status="queued", call_at=None)
    ownership.take_over(conversation_id=emergency.conversation_id, user=None)
    do_due_work()
    wait_and_climb()

    emergency.refresh_from_db()
    assert emergency.acknowledged_how == "takeover"
    assert AlertCall.objects.get().status == "canceled"
    assert told() == [OWNER_PHONE]


def by_text(emergency, twilio) -> None:
    twilio.text(f"#{emergency.conversation_id} DONE", From=OWNER_PHONE)


def through_the_api(emergency, _twilio) -> None:
    ownership.complete(conversation_id=emergency.conversation_id, outcome="resolved")


@pytest.mark.parametrize("end", [by_text, through_the_api])
def test_a_person_who_ends_the_conversation_ends_the_alarm(end, emergency, backup, twilio, do_due_work, wait_and_climb):
    AlertCall.objects.update(status="queued", call_at=None)
    end(emergency, twilio)
    do_due_work()
    wait_and_climb()

    emergency.refresh_from_db()
    assert emergency.acknowledged_at is not None
    assert AlertCall.objects.get().status == "canceled"
    assert told() == [OWNER_PHONE]
    assert Fact.objects.filter(topic="emergency.acknowledged").count() == 1


def test_done_ends_the_alarm_of_a_conversation_that_the_customer_ended(emergency, twilio, do_due_work, wait_and_climb):
    twilio.text("STOP")
    do_due_work()
    emergency.refresh_from_db()
    assert emergency.acknowledged_at is None
    by_text(emergency, twilio)
    do_due_work()

    emergency.refresh_from_db()
    assert (emergency.acknowledged_how, emergency.acknowledged_from) == ("text", OWNER_PHONE)


def test_who_ended_the_conversation_before_the_ladder_began_is_not_told(twilio, twilio_api, acme, do_due_work):
    twilio.text("my sink is blocked")
    do_due_work()
    conversation = Conversation.objects.get()
    detected_at = utcnow()
    ownership.complete(conversation_id=conversation.pk, outcome="resolved")
    services.open_escalation(conversation_id=conversation.pk, kind="gas", detected_by="rules", detected_at=detected_at)
    do_due_work()

    assert Escalation.objects.get().acknowledged_how == "done"
    assert told() == []


def test_what_a_person_did_before_the_emergency_does_not_end_it(twilio, twilio_api, acme, do_due_work):
    twilio.text("my sink is blocked")
    do_due_work()
    ownership.take_over(conversation_id=Conversation.objects.get().pk, user=None)
    twilio.text("Gas leak in house!")
    do_due_work()

    assert Escalation.objects.get().acknowledged_at is None
    assert told() == [OWNER_PHONE]


def test_a_ladder_has_an_end(emergency, wait_and_climb):
    for _ in range(ladder.ROUNDS):
        wait_and_climb()

    emergency.refresh_from_db()
    assert emergency.given_up_at is not None
    assert len(told()) == ladder.ROUNDS
    assert Fact.objects.filter(topic="emergency.unanswered").count() == 1


def test_a_business_without_phones_gives_up_at_once(acme, twilio, twilio_api, do_due_work):
    OwnerNumber.objects.all().delete()
    twilio.text("Gas leak in house!")
    do_due_work()

    assert Escalation.objects.get().given_up_at is not None


def test_one_emergency_is_escalated_once(emergency, twilio, do_due_work):
    twilio.text("GAS!! please hurry")
    twilio.text("Gas leak in house!")
    do_due_work()

    assert Escalation.objects.count() == 1
    assert Fact.objects.filter(topic="emergency.detected").count() == 1


@pytest.mark.parametrize("people", [1, 2, 3])
def test_everybody_has_a_minute_in_the_first_round(people):
    waits = [ladder.wait_after(rung, people) for rung in range(people - 1)]

    assert waits == [ladder.BETWEEN_PEOPLE] * (people - 1)
    assert ladder.wait_after(2 * people - 1, people) == ladder.BETWEEN_ROUNDS
