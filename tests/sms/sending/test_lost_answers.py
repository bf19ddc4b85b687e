"""Nobody knows whether Twilio took a text: it is found, or sent once more after two clean looks."""

from datetime import timedelta
from time import monotonic
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from nevermisscall.outbox.models import Fact
from sms import resolving, sending
from sms.models import Message, SendAttempt, Status
from tests.faults.proxy import Proxy
from tests.fixtures.people import CUSTOMER
from tests.sms.sending.conftest import run_again

AMBIGUOUS = {
    "5xx after accepting": {"kind": "error", "status": 503, "accepted": True},
    "reset after accepting": {"kind": "reset"},
    "no answer": {"kind": "timeout"},
}


@pytest.mark.fault("F11")
def test_an_answer_that_trickles_in_is_not_waited_for(send, twilio_api, settings, monkeypatch):
    monkeypatch.setattr("nevermisscall.twilio.client.TOTAL_SECONDS", 0.5)
    with Proxy("127.0.0.1", urlsplit(twilio_api.base_url).port) as proxy:
        settings.TWILIO_API_BASE_URL = f"http://127.0.0.1:{proxy.port}"
        proxy.trickle(1000)
        started = monotonic()
        message = run_again(send())

        assert message.status == Status.UNKNOWN
        assert monotonic() - started < 5
        proxy.behave()
        assert run_again(send(CUSTOMER, body="The next one")).status == Status.SENT_TO_PROVIDER


@pytest.mark.fault("F13")
@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_an_accepted_text_without_an_answer_is_found_and_not_sent_again(send, twilio_api, fault, monkeypatch):
    monkeypatch.setattr("nevermisscall.twilio.client.TOTAL_SECONDS", 0.3)
    twilio_api.set_faults({**fault, "times": 1}, callbacks="off")
    message = run_again(send())
    assert message.status == Status.UNKNOWN

    run_again(message)
    [sent] = twilio_api.messages(to=CUSTOMER)
    assert message.message_sid == sent["sid"]
    assert message.send_attempts.get().outcome == "found at Twilio"


def test_a_callback_settles_an_unknown_text_at_once(send, twilio_api, twilio):
    twilio_api.set_faults({"kind": "reset", "times": 1}, callbacks="off")
    message = run_again(send())
    [sent] = twilio_api.messages(to=CUSTOMER)

    query = f"?attempt={message.send_attempts.get().token}"
    assert twilio.message_status(sent["sid"], "sent", query=query).status_code == 204

    message.refresh_from_db()
    assert (message.status, message.message_sid, message.next_attempt_at) == (Status.SENT, sent["sid"], None)


def test_a_text_that_never_arrived_is_sent_once_more_after_two_clean_looks(send, twilio_api):
    twilio_api.set_faults({"kind": "error", "status": 500, "times": 1}, callbacks="off")
    message = run_again(send())
    assert run_again(message, seconds_later=20).status == Status.UNKNOWN

    SendAttempt.objects.update(first_clean_look_at=timezone.now() - timedelta(seconds=70))
    assert run_again(message, seconds_later=181).status == Status.QUEUED
    assert message.possible_duplicate
    assert run_again(message).status == Status.SENT_TO_PROVIDER
    assert len(twilio_api.messages(to=CUSTOMER)) == 1


def test_a_look_that_fails_is_no_clean_look(send, twilio_api):
    twilio_api.set_faults(
        {"kind": "error", "status": 500, "times": 1},
        {"kind": "error", "status": 500, "on": "messages.list"},
        callbacks="off",
    )
    message = run_again(send())
    for _ in range(12):
        assert run_again(message, seconds_later=300).status == Status.UNKNOWN

    assert message.dead_at is None
    assert SendAttempt.objects.get().first_clean_look_at is None


def test_the_third_unknown_end_is_a_failure_and_never_a_fourth_text(send, twilio_api):
    twilio_api.set_faults({"kind": "error", "status": 500}, callbacks="off")
    message = run_again(send())
    for _ in range(3):
        run_again(message, seconds_later=20)
        SendAttempt.objects.update(first_clean_look_at=timezone.now() - timedelta(seconds=70))
        run_again(message, seconds_later=181)
        run_again(message)

    assert message.status == Status.FAILED
    assert len(twilio_api.attempts()) == 3
    assert Fact.objects.filter(topic="message.delivery_failed").count() == 1


def test_two_alike_texts_to_one_person_are_told_apart(send, twilio_api):
    """The second waits while the first is unknown; otherwise one could be taken for the other."""
    twilio_api.set_faults({"kind": "reset", "times": 1}, callbacks="off")
    first, second = send(body="same words"), send(body="same words")
    run_again(first)
    assert run_again(second).status == Status.QUEUED

    run_again(first)
    run_again(second)
    assert len({first.message_sid, second.message_sid}) == 2
    assert len(twilio_api.messages(to=CUSTOMER)) == 2


def test_a_sender_killed_before_the_answer_leaves_a_text_that_is_looked_for(send, twilio_api):
    message = send()
    [row] = work.claim(sending.QUEUE, limit=1)
    assert isinstance(sending._start(row), SendAttempt)  # and then the process dies
    Message.objects.update(lease_until=DatabaseClock() - timedelta(seconds=1))

    assert run_again(message).status == Status.UNKNOWN
    assert twilio_api.messages(to=CUSTOMER) == []


def test_looks_grow_apart(db):
    now = timezone.now()
    attempt = SendAttempt(started_at=now - timedelta(seconds=6))
    assert resolving._next_look(attempt, now) == timedelta(seconds=14)

    attempt.started_at = now - timedelta(seconds=600)
    assert resolving._next_look(attempt, now) == timedelta(seconds=60)
