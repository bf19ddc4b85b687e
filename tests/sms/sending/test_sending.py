"""A queued text leaves exactly once, whatever Twilio answers."""

import uuid
from datetime import timedelta
from time import monotonic
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import places, work
from nevermisscall.outbox.models import Fact
from sms import resolving, sending, services
from sms.models import Message, SendAttempt, Status
from tenants.compliance import Purpose
from tenants.models import Contact, PhoneNumber, TwilioAccount
from tests.faults.proxy import Proxy
from tests.fixtures.people import ACME_NUMBER, CUSTOMER


@pytest.fixture
def send(acme):
    """Queue one text from Acme."""

    def queue(to: str = CUSTOMER, *, body: str = "We are on our way", key: str = "", **fields) -> Message:
        return services.send_message(
            number=PhoneNumber.objects.select_related("tenant").get(number=ACME_NUMBER),
            to_number=to,
            body=body,
            purpose=fields.pop("purpose", Purpose.MISSED_CALL),
            idempotency_key=key or str(uuid.uuid4()),
            **fields,
        )

    return queue


def run_again(message: Message, *, seconds_later: int = 0) -> Message:
    """Let the sender look at the message as if so much time had passed since its last attempt."""
    earlier = timezone.now() - timedelta(seconds=seconds_later)
    if seconds_later:
        SendAttempt.objects.filter(message=message).update(started_at=earlier)
    Message.objects.filter(pk=message.pk, next_attempt_at__isnull=False).update(next_attempt_at=DatabaseClock())
    work.run_one(sending.QUEUE, message.pk)
    message.refresh_from_db()
    return message


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


@pytest.mark.fault("F12")
def test_429_makes_a_process_ask_for_less_at_once(send, twilio_api, monkeypatch):
    monkeypatch.setattr(places, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(sending.AT_ONCE, "_now", 6)
    twilio_api.set_faults({"kind": "error", "status": 429, "code": 20429, "times": 1}, callbacks="off")
    message = run_again(send())
    assert sending.AT_ONCE.now == 3

    assert run_again(message).status == Status.SENT_TO_PROVIDER
    assert sending.AT_ONCE.now == 4


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


def test_statuses_only_move_forward(send, twilio_api, twilio):
    message = run_again(send())
    for status in ("delivered", "sent", "queued", "undelivered", "delivered"):
        twilio.message_status(message.message_sid, status)

    message.refresh_from_db()
    assert message.status == Status.DELIVERED
    assert message.delivered_at is not None


def test_a_callback_that_comes_before_the_answer_is_not_undone_by_it(send, twilio_api, twilio, monkeypatch):
    create = sending.twilio_messages.create

    def create_and_call_back(*args, **kwargs):
        sent = create(*args, **kwargs)
        twilio.message_status(sent.message_sid, "delivered", query="?" + kwargs["status_callback"].partition("?")[2])
        return sent

    monkeypatch.setattr(sending.twilio_messages, "create", create_and_call_back)
    message = run_again(send())

    assert (message.status, message.next_attempt_at) == (Status.DELIVERED, None)


def test_an_undelivered_text_is_published_with_its_code(send, twilio_api, twilio):
    message = run_again(send())
    twilio.message_status(message.message_sid, "undelivered", ErrorCode="30006")

    assert Contact.objects.get(number=CUSTOMER).is_landline
    assert Fact.objects.get(topic="message.delivery_failed").data["error_code"] == 30006


def test_a_status_of_a_message_that_is_not_ours_is_answered_and_changes_nothing(db, twilio):
    assert twilio.message_status("SM" + "0" * 32, "delivered").status_code == 204
    assert not Message.objects.exists()


@pytest.mark.parametrize("body", ["", "   ", "x" * 1601])
def test_a_body_twilio_would_refuse_is_refused_here(send, body):
    with pytest.raises(ValueError, match="1 to 1600 characters"):
        send(body=body)


def test_looks_grow_apart(db):
    now = timezone.now()
    attempt = SendAttempt(started_at=now - timedelta(seconds=6))
    assert resolving._next_look(attempt, now) == timedelta(seconds=14)

    attempt.started_at = now - timedelta(seconds=600)
    assert resolving._next_look(attempt, now) == timedelta(seconds=60)


def test_pictures_travel_with_the_text(send, twilio_api):
    message = run_again(send(body="", media_urls=["https://example.com/a.png", "https://example.com/b.png"]))

    [sent] = twilio_api.messages(to=CUSTOMER)
    assert message.status == Status.SENT_TO_PROVIDER
    assert sent["num_media"] in {"2", 2} or len(sent.get("media", ())) == 2


def test_another_accounts_signature_moves_nothing(send, twilio_api, twilio, db):
    message = run_again(send())
    TwilioAccount.objects.create(account_sid="AC" + "9" * 32, auth_token="theirs")
    fields = {"AccountSid": "AC" + "9" * 32, "MessageSid": message.message_sid, "MessageStatus": "delivered"}

    assert twilio.post("/api/webhooks/status", fields, token="theirs").status_code == 204
    message.refresh_from_db()
    assert message.status == Status.SENT_TO_PROVIDER
