"""Numbers send at their pace, urgent texts do not wait, and a refused account is left alone."""

import itertools
import uuid
from datetime import timedelta

import pytest

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox.models import Fact
from sms import services
from sms.models import AccountPause, Message, SenderPace, Status
from tenants.compliance import Purpose
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, RIVAL_NUMBER


def queue(count: int, *, number: str = ACME_NUMBER, priority: int = 3) -> list[Message]:
    """Queue texts to different people, in the lane that can wait unless told otherwise."""
    sender = PhoneNumber.objects.select_related("tenant").get(number=number)
    made = [
        services.send_message(
            number=sender,
            to_number=f"+1415555{2000 + n}",
            body="news",
            purpose=Purpose.MISSED_CALL,
            idempotency_key=str(uuid.uuid4()),
        )
        for n in range(count)
    ]
    Message.objects.filter(pk__in=[message.pk for message in made]).update(priority=priority)
    return made


def waits() -> list[float]:
    """Seconds until each queued text is due, in order."""
    rows = Message.objects.filter(status=Status.QUEUED).annotate(now=DatabaseClock()).order_by("next_attempt_at")
    return [(row.next_attempt_at - row.now).total_seconds() for row in rows]


def test_a_long_code_sends_one_text_a_second_and_the_rest_get_turns(acme, twilio_api, do_due_work):
    queue(5)
    do_due_work()

    assert len(twilio_api.messages()) == 1
    gaps = [later - earlier for earlier, later in itertools.pairwise(waits())]
    assert len(gaps) == 3
    assert all(gap == pytest.approx(1.0, abs=0.05) for gap in gaps)
    assert waits()[0] < 1.1


def test_a_number_with_a_better_registration_sends_a_seconds_worth_at_once(acme, twilio_api, do_due_work):
    PhoneNumber.objects.update(texts_per_second=10)
    queue(14)
    do_due_work()

    left = Message.objects.filter(status=Status.SENT_TO_PROVIDER).count()
    assert left >= 10
    assert left + len(waits()) == 14
    assert max(waits(), default=0) < 0.5


def test_texts_that_somebody_waits_for_do_not_wait_for_the_others(acme, twilio_api, do_due_work):
    queue(20)
    queue(3, priority=0)
    do_due_work()

    assert Message.objects.filter(priority=0, status=Status.SENT_TO_PROVIDER).count() == 3


def test_urgent_texts_are_charged_to_the_number(acme, twilio_api, do_due_work):
    queue(3, priority=0)
    queue(1)
    do_due_work()

    first = Message.objects.earliest("created_at")
    assert SenderPace.objects.get().turn_at - first.created_at >= timedelta(seconds=3)


def test_one_business_does_not_use_up_anothers_pace(acme, rival, twilio_api, do_due_work):
    queue(10)
    queue(1, number=RIVAL_NUMBER)
    do_due_work()

    assert Message.objects.get(from_number=RIVAL_NUMBER).status == Status.SENT_TO_PROVIDER


def test_a_full_day_holds_bulk_until_tomorrow_and_nothing_urgent(acme, twilio_api, do_due_work, settings):
    settings.SMS_DAILY_LIMIT_PER_NUMBER = 2
    PhoneNumber.objects.update(texts_per_second=1000)
    queue(1, priority=0)
    do_due_work()
    SenderPace.objects.update(sent=2)
    queue(1)
    queue(1, priority=0)
    do_due_work()

    held = Message.objects.annotate(now=DatabaseClock()).get(status=Status.QUEUED)
    assert held.priority == 3
    assert held.next_attempt_at.time().hour == 0
    assert held.next_attempt_at.date() == held.now.date() + timedelta(days=1)


def test_refused_credentials_pause_the_account_after_one_request(acme, twilio_api, do_due_work):
    twilio_api.set_faults({"kind": "error", "status": 401, "code": 20003}, callbacks="off")
    queue(5, priority=0)
    do_due_work()

    assert len(twilio_api.attempts()) == 1
    assert Message.objects.filter(status=Status.QUEUED).count() == 5
    assert min(waits()) > 50
    assert Fact.objects.filter(topic="service.degraded").count() == 1


def test_mended_credentials_let_everything_leave(acme, twilio_api, do_due_work):
    twilio_api.set_faults({"kind": "error", "status": 401, "code": 20003, "times": 1}, callbacks="off")
    queue(3, priority=0)
    do_due_work()
    AccountPause.objects.update(until=DatabaseClock())
    Message.objects.update(next_attempt_at=DatabaseClock())
    do_due_work()

    assert Message.objects.filter(status=Status.SENT_TO_PROVIDER).count() == 3
    assert Fact.objects.filter(topic="service.recovered").count() == 1
    assert not AccountPause.objects.exists()
