"""A queued alert call rings the phone exactly once, whatever Twilio answers, and comes to one end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.alerts import resolving, sending, services
from calls.alerts.models import AlertCall, Status
from nevermisscall.outbox import work
from nevermisscall.outbox.models import Fact
from tenants.models import PhoneNumber, Tenant
from tests.calls.alerts.conftest import AlertedPhone, published, result_of, run
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE

pytestmark = pytest.mark.django_db


def placed(twilio_api) -> list[str]:
    """Return the SIDs of the calls that Twilio placed to the owner's phone."""
    return [entry["sid"] for entry in twilio_api.ledger() if entry["kind"] == "call" and entry["to"] == OWNER_PHONE]


def later(alert: AlertCall, seconds: int) -> AlertCall:
    """Let the sender look at the call as if so much time had passed since it was attempted."""
    AlertCall.objects.update(attempted_at=timezone.now() - timedelta(seconds=seconds))
    return run(alert)


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


# -- nobody knows whether Twilio places it ----------------------------------------------------------------------------

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


# -- no webhook comes -------------------------------------------------------------------------------------------------


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
