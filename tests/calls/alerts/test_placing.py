"""A queued alert call rings the phone exactly once: placed, canceled, refused, tried again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.alerts import sending, services
from calls.alerts.models import AlertCall, Status
from nevermisscall.outbox import work
from tenants.models import PhoneNumber, Tenant
from tests.calls.alerts.conftest import AlertedPhone, placed, published, result_of, run
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE

pytestmark = pytest.mark.django_db


# -- place and cancel -------------------------------------------------------------------------------------------------


def test_a_call_is_handed_to_twilio(place, twilio_api):
    alert = run(place())

    assert (alert.status, alert.call_sid, alert.tries) == (Status.RINGING, *placed(twilio_api), 1)
    assert alert.call_at > timezone.now() + timedelta(seconds=60)  # then it is settled, should nobody tell its end
    call = twilio_api.call(alert.call_sid)
    assert (call["from"], call["to"], call["direction"]) == (ACME_NUMBER, OWNER_PHONE, "outbound-api")


def test_the_same_key_is_one_call(place, twilio_api):
    first, second = place(), place(words="other words")

    assert (first.pk, second.words) == (second.pk, first.words)
    run(first)
    assert len(placed(twilio_api)) == 1


def test_a_call_is_not_placed_before_its_time(place, twilio_api, do_due_work):
    alert = place(call_at=timezone.now() + timedelta(hours=1))
    do_due_work()

    assert result_of(alert) == ("queued", "")
    assert placed(twilio_api) == []


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"words": " "}, "1 to 600 characters; these words have 0"),
        ({"words": "x" * 601}, "1 to 600 characters; these words have 601"),
        ({"to_number": "5005550200"}, "“5005550200” is none"),
        ({"to_number": ""}, r"“\(none\)” is none"),
        ({"connect_to": "anonymous"}, "“anonymous” is none"),
        ({"language": "fr"}, "speaks en or es, not “fr”"),
    ],
)
def test_what_cannot_be_said_or_called_is_refused(place, fields, fault):
    with pytest.raises(ValueError, match=fault):
        place(**fields)


def test_a_canceled_call_is_not_placed_and_says_nothing(place, twilio_api, do_due_work):
    alert = place()

    assert services.cancel(alert_call_id=alert.pk)
    do_due_work()
    assert result_of(alert) == ("canceled", "")
    assert (placed(twilio_api), published(alert)) == ([], [])


def test_a_call_that_rings_is_hung_up_when_it_is_canceled(place, twilio_api):
    alert = run(place())

    assert not services.cancel(alert_call_id=alert.pk)
    run(alert)
    assert twilio_api.wait_for_call(alert.call_sid)["status"] == "canceled"
    run(alert)
    assert (result_of(alert), published(alert)) == (("canceled", ""), [])


def test_a_call_canceled_while_it_is_placed_is_hung_up_as_soon_as_it_rings(place, twilio_api):
    alert = place()
    [row] = work.claim(sending.QUEUE, limit=1)
    sending._start(row)
    services.cancel(alert_call_id=alert.pk)
    assert sending._request(row) is None

    alert.refresh_from_db()
    assert alert.call_at <= timezone.now()
    run(alert)
    assert twilio_api.wait_for_call(placed(twilio_api)[0])["status"] == "canceled"


def test_who_picks_up_a_canceled_call_hears_that_it_is_taken_care_of(phone):
    phone.status("ringing")
    services.cancel(alert_call_id=phone.alert.pk)

    assert "has been taken care of" in phone.picks_up().text
    phone.status("completed")
    assert (result_of(phone.alert), published(phone.alert)) == (("canceled", ""), [])


@pytest.mark.parametrize("happens", ["presses 1", "is over"])
def test_it_is_too_late_to_cancel_a_call_that_was_heard_or_is_over(phone, happens):
    phone.presses("1") if happens == "presses 1" else phone.status("busy")
    before = result_of(phone.alert)

    assert not services.cancel(alert_call_id=phone.alert.pk)
    assert result_of(phone.alert) == before
    assert phone.alert.canceled_at is None


# -- Twilio refuses or is busy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("to", "code"), [("+15005550001", 21217), ("+15005550003", 21215)])
def test_a_refusal_is_final_and_told(place, twilio_api, to, code):
    alert = run(place(to_number=to))

    assert (result_of(alert), alert.error_code) == (("failed", "not_placed"), code)
    assert published(alert) == ["alert_call.unanswered"]


@pytest.mark.parametrize("status", [429, 401])
def test_what_twilio_did_not_process_is_tried_again(place, twilio_api, status):
    twilio_api.set_faults({"kind": "error", "status": status, "on": "calls.create", "times": 2}, callbacks="off")
    alert = place()

    assert [run(alert).status for _ in range(3)] == [Status.QUEUED, Status.QUEUED, Status.RINGING]
    assert len(placed(twilio_api)) == 1


def test_what_twilio_never_processes_fails(place, twilio_api):
    twilio_api.set_faults({"kind": "error", "status": 429, "on": "calls.create"}, callbacks="off")
    alert = place()
    for _ in range(sending.MAX_TRIES):
        run(alert)

    assert result_of(alert) == ("failed", "not_placed")
    assert (published(alert), placed(twilio_api)) == (["alert_call.unanswered"], [])


@pytest.mark.parametrize("change", ["suspended", "released"])
def test_a_business_that_is_not_active_calls_nobody(place, twilio_api, change):
    alert = place()
    if change == "released":
        PhoneNumber.objects.update(state=PhoneNumber.State.RELEASED)
    else:
        Tenant.objects.update(status=Tenant.Status.SUSPENDED)

    run(alert)
    assert (result_of(alert), placed(twilio_api)) == (("failed", "not_placed"), [])


def test_a_phone_rings_for_one_alert_at_a_time(place, twilio_api, twilio):
    first, second = place(), place(idempotency_key="alert:2")
    run(first)
    assert run(second).status == Status.QUEUED

    AlertedPhone(twilio, first, first.call_sid).status("no-answer")
    assert run(second).status == Status.RINGING
    assert len(placed(twilio_api)) == 2


def test_a_dead_letter_does_not_keep_the_phone_from_ringing(place, twilio_api):
    stuck, second = place(), place(idempotency_key="alert:2")
    AlertCall.objects.filter(pk=stuck.pk).update(status=Status.RINGING, dead_at=timezone.now())

    assert run(second).status == Status.RINGING
