"""Twilio may send anything twice, also at the same moment: one effect, and every copy gets the answer."""

import threading

import pytest
from django.db import connection
from django.test import Client

from calls.models import Call, CallEvent
from nevermisscall.outbox.models import Delivery, Fact
from nevermisscall.webhooks.models import WebhookReceipt
from tests.fixtures.people import make_business
from tests.fixtures.webhooks import TwilioPhone

# Each kind of webhook of a call; those before it in the list have happened when it comes.
STORY = {
    "incoming": lambda t: t.incoming_call(),
    "initiated": lambda t: t.leg_status("initiated", SequenceNumber="0"),
    "ringing": lambda t: t.leg_status("ringing", SequenceNumber="1"),
    "whisper": lambda t: t.screen(),
    "another digit": lambda t: t.press("2"),
    "press 1": lambda t: t.press("1"),
    "answered": lambda t: t.leg_status("in-progress", SequenceNumber="2"),
    "hung up": lambda t: t.leg_status("completed", SequenceNumber="3", CallDuration="42"),
    "dial result": lambda t: t.dial_action(DialCallStatus="completed", DialBridged="true", DialCallDuration="42"),
    "voicemail": lambda t: t.post(
        f"/webhooks/twilio/call/voicemail/{t.call_sid}", t.call_fields(RecordingSid="RE" + "1" * 32)
    ),
    "recording": lambda t: t.post(
        "/api/webhooks/status",
        {
            "AccountSid": t.call_fields()["AccountSid"],
            "CallSid": t.call_sid,
            "RecordingSid": "RE" + "1" * 32,
            "RecordingStatus": "completed",
        },
    ),
    "end": lambda t: t.call_ends(CallDuration="50"),
    "end by status URL": lambda t: t.post("/api/webhooks/status", t.call_fields(CallStatus="completed")),
}


def content_of(answer) -> tuple[int, str, str]:
    return answer.status_code, answer["Content-Type"] if answer.content else "", answer.text


@pytest.mark.fault("F14")
@pytest.mark.django_db
@pytest.mark.parametrize("kind", STORY)
def test_a_repeat_gets_the_same_answer_and_changes_nothing(acme, twilio, count_rows, kind):
    for name, webhook in STORY.items():
        first = webhook(twilio)
        if name == kind:
            break
    before = count_rows(), Call.objects.values().get()
    again = [STORY[kind](twilio) for _ in range(3)]

    assert [content_of(answer) for answer in again] == [content_of(first)] * 3
    assert (count_rows(), Call.objects.values().get()) == before


@pytest.mark.django_db
def test_a_repeat_much_later_changes_nothing_either(acme, twilio, count_rows):
    answers = [content_of(webhook(twilio)) for webhook in STORY.values()]
    before = count_rows(), Call.objects.values().get()

    assert [content_of(webhook(twilio)) for webhook in STORY.values()] == answers
    assert (count_rows(), Call.objects.values().get()) == before


@pytest.mark.django_db
def test_a_repeat_says_what_was_said_even_if_the_business_changed_since(acme, twilio):
    first = twilio.incoming_call()
    acme.ring_timeout_seconds = 45
    acme.save()

    assert twilio.incoming_call().text == first.text


@pytest.mark.django_db
def test_every_webhook_leaves_its_receipt(acme, twilio):
    answer = twilio.incoming_call(CallerName="Zoë <b>")

    receipt = WebhookReceipt.objects.get()
    assert (receipt.kind, receipt.key) == ("call", f"{twilio.call_sid}:ringing:")
    assert receipt.params == twilio.call_fields(CallStatus="ringing", CallerName="Zoë <b>")
    assert (receipt.status_code, receipt.content_type, receipt.answer) == (200, answer["Content-Type"], answer.text)


@pytest.mark.fault("F14")
@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "b2f8c1d0-6f0e-4a52-8d6f-0d6b9c5c1a11", "x" * 300])
def test_twilios_idempotency_token_is_kept(acme, twilio, token):
    headers = {"I-Twilio-Idempotency-Token": token} if token else {}
    twilio.post("/webhooks/twilio/call", twilio.call_fields(CallStatus="ringing"), **headers)
    twilio.post("/api/webhooks/status", twilio.leg_fields(CallStatus="ringing"), **headers)

    kept = WebhookReceipt.objects.values_list("idempotency_token", flat=True)
    assert list(kept) == [token[:100]] * 2


@pytest.mark.django_db
def test_a_status_without_end_is_still_a_repeat(acme, twilio):
    for _ in range(2):
        twilio.leg_status("x" * 1000, SequenceNumber="9" * 1000)

    assert CallEvent.objects.count() == 1


# -- copies at the same moment ----------------------------------------------------------------------------------------


def at_once(count: int, request) -> list:
    """Make `count` copies of a request on as many threads and connections, starting together."""
    answers, start = [], threading.Barrier(count)

    def one() -> None:
        try:
            start.wait()
            answers.append(content_of(request(Client())))
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def copy_of(phone: TwilioPhone, client: Client) -> TwilioPhone:
    copied = TwilioPhone(client)
    copied.call_sid, copied.leg_sid = phone.call_sid, phone.leg_sid
    return copied


@pytest.mark.fault("F14")
@pytest.mark.django_db(transaction=True)
def test_twenty_copies_of_a_dial_result_make_one_missed_call(twilio):
    make_business()
    twilio.incoming_call()
    answers = at_once(20, lambda client: copy_of(twilio, client).dial_action(DialCallStatus="no-answer"))

    assert len(answers) == 20
    assert len(set(answers)) == 1
    assert "<Say" in answers[0][2]
    assert WebhookReceipt.objects.filter(kind="dial").count() == 1
    assert list(Fact.objects.values_list("topic", "sequence")) == [("call.incoming", 1), ("call.missed", 2)]
    assert Delivery.objects.filter(fact__topic="call.missed", subscriber="conversations.text_back").count() == 1


@pytest.mark.fault("F14")
@pytest.mark.django_db(transaction=True)
def test_twenty_copies_of_an_incoming_call_make_one_call(twilio):
    make_business()
    answers = at_once(20, lambda client: copy_of(twilio, client).incoming_call())

    assert len(set(answers)) == 1
    assert "<Dial" in answers[0][2]
    assert (Call.objects.count(), Fact.objects.count(), CallEvent.objects.count()) == (1, 1, 1)


@pytest.mark.fault("F14")
@pytest.mark.django_db(transaction=True)
def test_everything_about_a_call_at_the_same_moment_makes_one_decision(twilio):
    make_business()
    twilio.incoming_call()
    webhooks = [
        lambda phone: phone.dial_action(DialCallStatus="no-answer"),
        lambda phone: phone.dial_action(DialCallStatus="no-answer", CallStatus="completed", DialCallSid=""),
        lambda phone: phone.call_ends(CallDuration="20"),
        lambda phone: phone.leg_status("no-answer", SequenceNumber="2"),
        lambda phone: phone.post("/api/webhooks/status", phone.call_fields(CallStatus="completed")),
    ] * 4
    answers = at_once(20, lambda client: webhooks.pop()(copy_of(twilio, client)))

    assert {status for status, _, _ in answers} == {200, 204}
    assert (Call.objects.get().outcome, Call.objects.get().missed_reason) == ("missed", "no_answer")
    topics = sorted(Fact.objects.values_list("topic", flat=True))
    assert topics == ["call.completed", "call.incoming", "call.missed"]


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_press_1_together_are_not_both_connected(twilio):
    make_business(owners=("+15005550200", "+15005550201"))
    twilio.incoming_call()
    legs = ["CA" + "a" * 32, "CA" + "b" * 32]
    answers = at_once(2, lambda client: copy_of(twilio, client).press("1", CallSid=legs.pop()))

    assert sorted("<Hangup/>" in text for _, _, text in answers) == [False, True]
