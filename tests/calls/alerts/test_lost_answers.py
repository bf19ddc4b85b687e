"""Nobody knows whether Twilio places a call: it is found, or placed once more after two clean looks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.alerts import resolving, sending
from calls.alerts.models import AlertCall, Status
from nevermisscall.outbox import work
from tests.calls.alerts.conftest import AlertedPhone, later, placed, published, result_of, run

pytestmark = pytest.mark.django_db

AMBIGUOUS = {
    "5xx after accepting": {"kind": "error", "status": 503, "accepted": True},
    "reset after accepting": {"kind": "reset"},
    "no answer": {"kind": "timeout"},
}


@pytest.fixture
def lose_answers(twilio_api, monkeypatch):
    """Let the answers to the next requests for a call be lost."""
    monkeypatch.setattr("nevermisscall.twilio.client.READ_TIMEOUT_SECONDS", 0.3)

    def lose(fault: dict, *others: dict, times: int = 1) -> None:
        twilio_api.set_faults({**fault, "on": "calls.create", "times": times}, *others, callbacks="off")

    return lose


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_an_accepted_call_without_an_answer_is_found_and_not_placed_again(place, twilio_api, lose_answers, fault):
    lose_answers(fault)
    alert = run(place())
    assert alert.status == Status.UNKNOWN

    run(alert)
    assert (alert.status, [alert.call_sid]) == (Status.RINGING, placed(twilio_api))


def test_a_webhook_settles_an_unknown_call_at_once(place, twilio_api, lose_answers, twilio):
    lose_answers({"kind": "reset"})
    alert = run(place())
    [call_sid] = placed(twilio_api)
    AlertedPhone(twilio, alert, call_sid).status("ringing")

    alert.refresh_from_db()
    assert (alert.status, alert.call_sid) == (Status.RINGING, call_sid)


def test_a_webhook_that_comes_before_the_answer_is_not_undone_by_it(place, twilio_api, twilio):
    alert = place()
    [row] = work.claim(sending.QUEUE, limit=1)
    sending._start(row)
    phone = AlertedPhone(twilio, alert)
    phone.presses("1")
    resolving.found(row, phone.call_sid)

    assert result_of(alert) == ("accepted", "")
    assert alert.call_at is None


def test_a_call_that_never_was_is_placed_again_after_two_clean_looks(place, twilio_api, lose_answers):
    lose_answers({"kind": "error", "status": 500})
    alert = run(place())
    assert later(alert, 20).status == Status.UNKNOWN
    assert later(alert, 70).status == Status.UNKNOWN  # a minute has passed, but the looks are too close together

    AlertCall.objects.update(first_clean_look_at=timezone.now() - timedelta(seconds=30))
    assert later(alert, 50).status == Status.UNKNOWN
    assert later(alert, 70).status == Status.QUEUED
    assert run(alert).status == Status.RINGING
    assert (len(placed(twilio_api)), alert.tries) == (1, 2)


def test_the_third_unknown_end_is_a_failure(place, twilio_api, lose_answers):
    lose_answers({"kind": "error", "status": 500}, times=9)
    alert = place()
    for _ in range(3):
        run(alert)
        later(alert, 20)
        AlertCall.objects.update(first_clean_look_at=timezone.now() - timedelta(seconds=30))
        later(alert, 70)

    assert result_of(alert) == ("failed", "not_placed")
    assert [attempt["operation"] for attempt in twilio_api.attempts()] == ["calls.create"] * 3
    assert published(alert) == ["alert_call.unanswered"]


def test_a_look_that_fails_is_no_clean_look_and_not_repeated_for_ever(place, twilio_api, lose_answers):
    lose_answers({"kind": "error", "status": 500}, {"kind": "error", "status": 500, "on": "calls.list"})
    alert = run(place())
    assert [later(alert, seconds).status for seconds in (70, 200, 500)] == [Status.UNKNOWN] * 3
    assert alert.first_clean_look_at is None

    later(alert, 601)
    assert result_of(alert) == ("failed", "not_placed")


def test_a_sender_killed_before_its_request_leaves_a_call_that_is_looked_for(place, twilio_api):
    alert = place()
    [row] = work.claim(sending.QUEUE, limit=1)
    sending._start(row)  # and then the process dies
    assert run(alert).status == Status.UNKNOWN

    AlertCall.objects.update(first_clean_look_at=timezone.now() - timedelta(seconds=30))
    later(alert, 70)
    run(alert)
    assert (alert.status, len(placed(twilio_api))) == (Status.RINGING, 1)


def test_a_sender_killed_after_its_request_leaves_a_call_that_is_found(place, twilio_api, monkeypatch):
    alert = place()
    [row] = work.claim(sending.QUEUE, limit=1)
    sending._start(row)
    with monkeypatch.context() as dying:
        dying.setattr(resolving, "found", lambda *_: None)  # the process dies when the answer comes
        sending._request(row)

    assert [run(alert).status, alert.tries] == [Status.RINGING, 1]
    assert [alert.call_sid] == placed(twilio_api)


def test_another_alerts_call_is_not_taken_for_it(place, twilio_api, lose_answers):
    run(earlier := place(idempotency_key="alert:0"))
    AlertCall.objects.filter(pk=earlier.pk).update(status=Status.CANCELED, call_at=None)
    lose_answers({"kind": "error", "status": 500})
    alert = run(place())

    assert later(alert, 1).status == Status.UNKNOWN
    assert (alert.call_sid, alert.last_error) == (None, "")
