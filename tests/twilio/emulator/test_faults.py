"""Trouble on request, and a ledger that says what was really accepted."""

import threading
import time

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from tests.twilio.emulator.conftest import ACCOUNT_SID, AUTH_TOKEN, BUSINESS, CUSTOMER, Rewriting


def send(api, product, to=CUSTOMER):
    return api.messages.create(from_=BUSINESS, to=to, body="Hello", status_callback=f"{product.url}/status")


def impatient(phone, timeout=0.3):
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Rewriting(phone.base_url, timeout))


def outcomes(api, product, count):
    seen = []
    for _ in range(count):
        try:
            seen.append(send(api, product).status)
        except TwilioRestException as error:
            seen.append((error.status, error.code))
    return seen


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (503, 20500), (401, 20003)])
def test_the_next_creates_are_refused_and_no_more(phone, api, product, status, code):
    phone.set_faults({"kind": "error", "status": status, "times": 2})

    assert outcomes(api, product, 3) == [(status, code), (status, code), "queued"]
    assert len(phone.ledger()) == 1
    assert [attempt["outcome"] for attempt in phone.attempts()] == [str(status), str(status), "201"]


def test_a_5xx_can_hide_an_accepted_text(phone, api, product):
    phone.set_faults({"kind": "error", "status": 502, "accepted": True, "times": 1})

    assert outcomes(api, product, 1) == [(502, 20500)]
    assert len(phone.ledger()) == 1


def test_accepted_and_never_answered(phone, product):
    phone.set_faults({"kind": "timeout", "times": 1})
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(impatient(phone), product)

    [entry], [attempt] = phone.ledger(), phone.attempts()
    assert (attempt["outcome"], attempt["sid"], attempt["fault"]) == ("no answer", entry["sid"], "timeout")
    assert (entry["kind"], entry["from"], entry["to"], entry["body"]) == ("message", BUSINESS, CUSTOMER, "Hello")
    phone.wait_for_delivery(entry["sid"])
    assert [callback["MessageStatus"] for callback in product.at("/status")] == ["sent", "delivered"]


def test_accepted_and_answered_late(phone, api, product):
    phone.set_faults({"kind": "timeout", "seconds": 0.2, "times": 1})
    started = time.monotonic()

    assert send(api, product).status == "queued"
    assert time.monotonic() - started >= 0.2


def test_slow_is_late_and_then_accepted(phone, api, product):
    phone.set_faults({"kind": "slow", "seconds": 0.3, "times": 1})
    sender = threading.Thread(target=send, args=(api, product))
    sender.start()
    time.sleep(0.1)
    early = phone.ledger()
    sender.join()

    assert early == []
    assert len(phone.ledger()) == 1


@pytest.mark.parametrize(("kind", "accepted"), [("reset", 1), ("refuse", 0)])
def test_a_broken_connection(phone, api, product, kind, accepted):
    phone.set_faults({"kind": kind, "times": 1})
    with pytest.raises(requests.exceptions.ConnectionError):
        send(api, product)

    assert len(phone.ledger()) == accepted
    assert phone.attempts()[0]["outcome"] == "reset"
    assert send(api, product).status == "queued"


def test_nobody_listens_for_a_while(phone, api, product):
    phone.set_faults(away_seconds=0.5)
    time.sleep(0.3)
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        send(api, product)

    assert "Connection refused" in str(caught.value)
    time.sleep(0.6)
    assert send(api, product).status == "queued"


def test_a_share_of_requests_by_seeded_dice(phone, api, product):
    rule = {"kind": "error", "status": 429, "probability": 0.5, "seed": 7}
    phone.set_faults(rule)
    first = outcomes(api, product, 12)
    phone.set_faults(rule)

    assert outcomes(api, product, 12) == first
    assert 0 < first.count("queued") < 12


def test_a_rule_can_be_for_one_recipient(phone, api, product):
    phone.set_faults({"kind": "error", "status": 503, "to": "+14155550177"})

    assert send(api, product).status == "queued"
    with pytest.raises(TwilioRestException):
        send(api, product, to="+14155550177")


def test_the_list_can_fail(phone, api, product):
    phone.set_faults({"kind": "error", "status": 503, "on": "messages.list", "times": 1})
    with pytest.raises(TwilioException):
        api.messages.list(to=CUSTOMER)

    assert api.messages.list(to=CUSTOMER) == []


def test_the_list_can_lag_behind(phone, api, product):
    phone.set_faults(list_lag_seconds=0.4)
    created = send(api, product)

    assert api.messages.list(to=CUSTOMER) == []
    assert created.fetch().sid == created.sid
    time.sleep(0.4)
    assert len(api.messages.list(to=CUSTOMER)) == 1


def test_status_callbacks_can_be_off(phone, api, product):
    phone.set_faults(callbacks="off")
    phone.wait_for_delivery(send(api, product).sid)

    assert product.at("/status") == []


def test_the_callback_can_come_before_the_answer(phone, api, product):
    phone.set_faults(callbacks="before_response")
    created = send(api, product)

    assert product.at("/status")[0]["MessageSid"] == created.sid
    assert created.status == "queued"


def test_faults_are_cleared(phone, api, product):
    phone.set_faults({"kind": "error"}, callbacks="off")
    phone.clear_faults()

    assert send(api, product).status == "queued"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"rules": [{"kind": "explode"}]}, "fault kind must be one of"),
        ({"rules": [{"kind": "error", "on": "faxes.create"}]}, "fault on must be one of"),
        ({"rules": [{"kind": "slow"}]}, "needs seconds"),
        ({"rules": [{"kind": "error", "colour": 1}]}, "unknown in fault: colour"),
        ({"callbacks": "maybe"}, "callbacks must be one of"),
        ({"webhooks": {"duplicate": 1000}}, "at most 100"),
        ({"webhooks": {"colour": 1}}, "unknown webhook knob: colour"),
        ({"colour": 1}, "unknown in faults: colour"),
    ],
)
def test_malformed_faults_are_refused(phone, given, sentence):
    response = requests.post(f"{phone.base_url}/emulator/faults", json=given, timeout=5)

    assert response.status_code == 400
    assert sentence in response.json()["error"]
