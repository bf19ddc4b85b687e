"""Alert calls whose webhooks never came: Twilio's own record decides, and every call comes to an end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.alerts import sending
from calls.alerts.models import AlertCall, Status
from nevermisscall.outbox.models import Fact
from tests.calls.alerts.conftest import published, result_of, run
from tests.fixtures.people import OWNER_PHONE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("no_answer", ("unanswered", "no_answer")),
        ("busy", ("unanswered", "busy")),
        ("fails", ("failed", "unreachable")),
        ("voicemail", ("unanswered", "not_confirmed")),
    ],
)
def test_a_call_without_webhooks_is_settled_by_twilios_record(place, twilio_api, behaviour, expected):
    twilio_api.set_owner(OWNER_PHONE, behaviour)
    alert = run(place())
    twilio_api.wait_for_call(alert.call_sid)
    run(alert)

    assert result_of(alert) == expected
    assert published(alert) == ["alert_call.unanswered"]
    assert alert.call_at is None


def test_a_call_that_goes_on_is_looked_at_again(place, twilio_api):
    twilio_api.configure(speed=1)
    alert = run(run(place()))

    assert alert.status == Status.RINGING
    assert alert.call_at > timezone.now() + timedelta(seconds=100)


def test_a_call_that_twilio_does_not_know_has_failed(place, twilio_api):
    alert = run(place())
    twilio_api.reset()

    run(alert)
    assert result_of(alert) == ("failed", "unreachable")


def test_a_call_that_twilio_cannot_be_asked_about_still_comes_to_an_end(place, twilio_api, settings):
    alert = run(place())
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    for _ in range(sending.QUEUE.max_attempts):
        run(alert)

    assert result_of(alert) == ("unanswered", "no_answer")
    assert published(alert) == ["alert_call.unanswered"]


def test_a_call_under_way_is_looked_at_at_a_bounded_time(phone):
    phone.status("ringing")
    phone.alert.refresh_from_db()
    ringing = phone.alert.call_at
    phone.picks_up()
    phone.alert.refresh_from_db()

    assert timezone.now() < ringing < phone.alert.call_at < timezone.now() + timedelta(minutes=5)


def test_a_call_given_up_is_not_left_open(place, twilio_api, monkeypatch):
    alert = place()
    AlertCall.objects.update(attempts=sending.QUEUE.max_attempts)  # each claim took its process down
    run(alert)

    assert result_of(alert) == ("failed", "not_placed")
    assert Fact.objects.filter(topic="alert_call.unanswered").count() == 1
