"""A queued text leaves exactly once, whatever Twilio answers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from nevermisscall.outbox import places
from nevermisscall.outbox.models import Fact
from sms import sending
from sms.models import Status
from tenants.models import Contact
from tests.fixtures.people import CUSTOMER
from tests.sms.sending.conftest import run_again


def test_a_text_is_handed_to_twilio(send, twilio_api):
    message = run_again(send())

    [sent] = twilio_api.messages(to=CUSTOMER)
    assert (message.status, message.message_sid) == (Status.SENT_TO_PROVIDER, sent["sid"])
    assert sent["body"] == "We are on our way"
    assert message.next_attempt_at is None


def test_the_callback_url_carries_the_attempt(send, twilio_api, monkeypatch):
    create, urls = sending.twilio_messages.create, []

    def spy(*args, **kwargs):
        urls.append(kwargs["status_callback"])
        return create(*args, **kwargs)

    monkeypatch.setattr(sending.twilio_messages, "create", spy)
    message = run_again(send())

    token = message.send_attempts.get().token
    assert urls == [f"https://nmc.example.com/api/webhooks/status?attempt={token}"]


def test_the_same_key_is_one_message(send, twilio_api):
    first, second = send(key="missed-call:CA1"), send(key="missed-call:CA1", body="other words")

    assert first.pk == second.pk
    run_again(first)
    assert [text["body"] for text in twilio_api.messages(to=CUSTOMER)] == ["We are on our way"]


@pytest.mark.parametrize(
    ("to", "code"),
    [("+15005550001", 21211), ("+15005550002", 21612), ("+15005550003", 21408)],
)
def test_a_refusal_is_final_and_published(send, twilio_api, to, code):
    message = run_again(send(to))

    assert (message.status, message.error_code) == (Status.FAILED, code)
    assert message.next_attempt_at is None
    assert Fact.objects.get(topic="message.delivery_failed").data["error_code"] == code


def test_21610_opts_the_person_out(send, twilio_api):
    run_again(send("+15005550004"))

    assert Contact.objects.get(number="+15005550004").opted_out_at is not None
    assert Fact.objects.filter(topic="contact.opted_out").count() == 1


def test_21614_marks_a_landline(send, twilio_api):
    run_again(send("+15005550009"))

    assert Contact.objects.get(number="+15005550009").is_landline


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 429, "code": 20429},
        {"kind": "error", "status": 400, "code": 21611},
    ],
    ids=["429", "queue full"],
)
def test_what_twilio_did_not_process_is_sent_again(send, twilio_api, fault):
    twilio_api.set_faults({**fault, "times": 2}, callbacks="off")
    message = send()
    statuses = [run_again(message).status for _ in range(3)]

    assert statuses == [Status.QUEUED, Status.QUEUED, Status.SENT_TO_PROVIDER]
    assert len(twilio_api.messages(to=CUSTOMER)) == 1


def test_a_refused_connection_is_tried_again(send, twilio_api, settings):
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    assert run_again(message := send()).status == Status.QUEUED

    settings.TWILIO_API_BASE_URL = twilio_api.base_url
    assert run_again(message).status == Status.SENT_TO_PROVIDER


@pytest.mark.fault("F12")
def test_429_makes_a_process_ask_for_less_at_once(send, twilio_api, monkeypatch):
    monkeypatch.setattr(places, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(sending.AT_ONCE, "_now", 6)
    twilio_api.set_faults({"kind": "error", "status": 429, "code": 20429, "times": 1}, callbacks="off")
    message = run_again(send())
    assert sending.AT_ONCE.now == 3

    assert run_again(message).status == Status.SENT_TO_PROVIDER
    assert sending.AT_ONCE.now == 4


def test_a_text_is_not_sent_after_it_expired(send, twilio_api):
    message = run_again(send(expires_at=timezone.now() - timedelta(seconds=1)))

    assert message.status == Status.EXPIRED
    assert twilio_api.messages(to=CUSTOMER) == []
    assert Fact.objects.filter(topic="message.delivery_failed").count() == 1


def test_a_text_to_someone_who_opted_out_meanwhile_is_not_sent(send, twilio_api, acme):
    message = send()
    Contact.objects.create(tenant=acme, number=CUSTOMER, opted_out_at=timezone.now())

    assert run_again(message).status == Status.CANCELED
    assert message.verdict["rule"] == "opted_out"
    assert twilio_api.messages(to=CUSTOMER) == []


@pytest.mark.parametrize("body", ["", "   ", "x" * 1601])
def test_a_body_twilio_would_refuse_is_refused_here(send, body):
    with pytest.raises(ValueError, match="1 to 1600 characters"):
        send(body=body)


def test_pictures_travel_with_the_text(send, twilio_api):
    message = run_again(send(body="", media_urls=["https://example.com/a.png", "https://example.com/b.png"]))

    [sent] = twilio_api.messages(to=CUSTOMER)
    assert message.status == Status.SENT_TO_PROVIDER
    assert sent["num_media"] in {"2", 2} or len(sent.get("media", ())) == 2
