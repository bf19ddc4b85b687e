"""What the called person hears and presses, and what counts as having heard."""

import pytest

from calls.alerts.models import AlertCall
from calls.models import Call
from nevermisscall.outbox.models import Fact
from tenants.models import TwilioAccount
from tests.calls.alerts.conftest import WORDS, AlertedPhone, published, result_of
from tests.calls.conftest import attributes, numbers, verbs
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import new_sid

pytestmark = pytest.mark.django_db


def test_the_words_are_said_twice_and_a_1_is_asked_for(phone):
    answer = phone.picks_up()

    assert verbs(answer) == ["Gather", "Say", "Gather", "Say", "Hangup"]
    assert answer.text.count(f"{WORDS} Press 1 to be connected to the customer.") == 2
    assert attributes(answer, "Gather")["action"].endswith(f"/webhooks/twilio/alert/{phone.alert.token}/press")
    assert result_of(phone.alert) == ("answered", "")


def test_without_a_customer_a_1_confirms(place, twilio):
    phone = AlertedPhone(twilio, place(connect_to=""))

    assert "Press 1 to confirm you heard this." in phone.picks_up().text
    assert verbs(phone.presses("1")) == ["Say", "Hangup"]
    assert result_of(phone.alert) == ("accepted", "")


def test_in_spanish(place, twilio):
    phone = AlertedPhone(twilio, place(language="es"))

    assert attributes(phone.picks_up(), "Say") == {"language": "es-US"}
    assert "Marque 1 para hablar con el cliente." in phone.picks_up().text
    assert "Le comunicamos con el cliente." in phone.presses("1").text
    assert "El cliente no contestó." in phone.connection("no-answer", bridged=False).text


def test_words_are_escaped(place, twilio):
    phone = AlertedPhone(twilio, place(words="Smith & Sons: <fire> at the shop\x0b"))

    assert "Smith &amp; Sons: &lt;fire&gt; at the shop" in phone.picks_up().text
    assert verbs(phone.picks_up()).count("Say") == 2


def test_pressing_1_connects_with_the_customer_under_our_number(phone):
    phone.picks_up()
    answer = phone.presses("1")

    assert numbers(answer) == [CUSTOMER]
    assert attributes(answer, "Dial")["callerId"] == ACME_NUMBER
    assert result_of(phone.alert) == ("accepted", "")
    assert published(phone.alert) == ["alert_call.accepted"]


def test_the_fact_says_which_call_it_was(phone):
    phone.presses("1")

    assert Fact.objects.get(topic="alert_call.accepted").data == {
        "alert_call_id": phone.alert.pk,
        "idempotency_key": "alert:1",
        "call_sid": phone.call_sid,
        "to": OWNER_PHONE,
        "connect_to": CUSTOMER,
        "status": "accepted",
        "reason": "",
    }


def test_a_customer_who_does_not_answer_is_told_to_the_owner(phone):
    phone.presses("1")

    assert "The customer did not answer." in phone.connection("no-answer", bridged=False).text
    phone.alert.refresh_from_db()
    assert phone.alert.dial_call_status == "no-answer"


@pytest.mark.parametrize(
    "fields",
    [
        {"dial_call_status": "completed", "bridged": True},
        {"dial_call_status": "canceled", "bridged": False, "CallStatus": "completed"},
    ],
    ids=["they talked", "the owner hung up"],
)
def test_otherwise_nothing_more_is_said(phone, fields):
    phone.presses("1")

    assert verbs(phone.connection(**fields)) == []


def test_another_key_is_asked_about_once_more(phone):
    phone.picks_up()
    again = phone.presses("5")

    assert verbs(again) == ["Gather", "Say", "Hangup"]
    assert attributes(again, "Gather")["action"].endswith("/press/again")
    assert verbs(phone.presses("5", again=True)) == ["Hangup"]
    assert result_of(phone.alert) == ("answered", "")


def test_a_1_at_the_second_request_counts(phone):
    phone.presses("#")

    assert numbers(phone.presses("1", again=True)) == [CUSTOMER]
    assert published(phone.alert) == ["alert_call.accepted"]


@pytest.mark.parametrize("digits", ["", "11", "1#", "0", "*", "١"])
def test_only_exactly_a_1_counts(phone, digits):
    phone.presses(digits)

    assert result_of(phone.alert) == ("answered", "")


def test_voicemail_that_picks_up_has_not_heard(phone):
    phone.status("ringing")
    phone.status("in-progress")
    phone.picks_up()
    phone.status("completed", CallDuration="31")

    assert result_of(phone.alert) == ("unanswered", "not_confirmed")
    assert published(phone.alert) == ["alert_call.unanswered"]


@pytest.mark.parametrize(
    ("call_status", "expected"),
    [
        ("no-answer", ("unanswered", "no_answer")),
        ("busy", ("unanswered", "busy")),
        ("failed", ("failed", "unreachable")),
        ("canceled", ("unanswered", "no_answer")),
    ],
)
def test_a_call_that_nobody_picks_up_is_told_once(phone, call_status, expected):
    phone.status("ringing")
    for _ in range(3):
        assert phone.status(call_status).status_code == 204

    assert result_of(phone.alert) == expected
    assert published(phone.alert) == ["alert_call.unanswered"]
    assert Fact.objects.get(topic="alert_call.unanswered").data["reason"] == expected[1]


def test_the_end_of_an_accepted_call_changes_nothing_but_its_time(phone):
    phone.presses("1")
    phone.status("completed", CallDuration="90")

    assert result_of(phone.alert) == ("accepted", "")
    assert phone.alert.ended_at is not None
    assert published(phone.alert) == ["alert_call.accepted"]


# -- what does not belong to it ---------------------------------------------------------------------------------------


def test_a_second_call_of_the_same_alert_may_be_accepted_but_does_not_end_it(phone, twilio, logged):
    phone.status("ringing")
    other = AlertedPhone(twilio, phone.alert)
    other.status("no-answer")

    assert result_of(phone.alert) == ("ringing", "")
    assert "Twilio has this alert call twice" in logged()
    other.presses("1")
    assert result_of(phone.alert) == ("accepted", "")
    assert phone.alert.call_sid == phone.call_sid


def test_a_token_that_nobody_has_is_answered_and_changes_nothing(phone):
    phone.alert.token = "unknown"

    assert verbs(phone.picks_up()) == verbs(phone.presses("1")) == ["Hangup"]
    assert verbs(phone.connection("busy", bridged=False)) == []
    assert phone.status("completed").status_code == 204
    assert AlertCall.objects.get().status == "calling"


def test_another_account_has_no_business_with_it(phone, rival):
    TwilioAccount.objects.create(tenant=rival, account_sid="AC" + "9" * 32, auth_token="theirs")

    for answer in (
        phone.presses("1", AccountSid="AC" + "9" * 32, token="theirs"),
        phone.status("completed", AccountSid="AC" + "9" * 32, token="theirs"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_WEBHOOK")
    assert AlertCall.objects.get().status == "calling"


def test_its_legs_are_no_missed_calls(phone, twilio, do_due_work):
    """Twilio says nothing about calls that we place to the number's own URLs; should it ever, that is no miss."""
    phone.status("ringing")
    leg = {"Direction": "outbound-api", "From": ACME_NUMBER, "To": OWNER_PHONE, "CallSid": phone.call_sid}
    twilio.call_ends(CallStatus="no-answer", **leg)
    twilio.call_ends(CallStatus="no-answer", **leg | {"Direction": "outbound-dial", "To": CUSTOMER})

    assert not Call.objects.exists()


def test_the_owners_phone_that_forwards_it_back_to_us_is_busy(phone, twilio):
    """It shows our own number as the caller: that is no customer, and no missed call."""
    answer = twilio.incoming_call(From=ACME_NUMBER, ForwardedFrom=OWNER_PHONE, CallSid=new_sid("CA"))

    assert verbs(answer) == ["Reject"]
    assert not Fact.objects.filter(topic="call.missed").exists()


def test_neither_words_nor_numbers_are_in_its_urls(phone):
    answer = phone.picks_up().text + phone.presses("1").text
    urls = [part.split('"')[0] for part in answer.split('action="')[1:]]

    assert len(urls) == 3
    assert not any(secret in url for url in urls for secret in (CUSTOMER[1:], OWNER_PHONE[1:], "Acme"))
