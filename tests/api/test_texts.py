"""Send a text and follow it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from sms import sending
from sms.models import Message
from tenants.models import Contact, PhoneNumber
from tests.api.conftest import SEND, with_key
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, RIVAL_NUMBER

HELLO = {"to": CUSTOMER, "body": "Hello"}


def fields_of(answer):
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "INVALID_REQUEST")
    return error["fields"]


def test_a_text_is_accepted_sent_and_shown(api, twilio_api, do_due_work):
    accepted = api.post(SEND, {"to": "(415) 555-0123", "body": "  On our way  ", "purpose": "reply"})
    message = Message.objects.get()
    assert (accepted.status_code, accepted.json()) == (202, {"id": message.pk, "status": "queued", "not_before": None})
    do_due_work()

    [sent] = twilio_api.messages(to=CUSTOMER)
    shown = api.get(f"/api/messages/{message.pk}").json()
    assert (sent["from"], sent["body"]) == (ACME_NUMBER, "On our way")
    assert shown.pop("created_at").endswith("Z")
    assert shown.pop("sent_at").endswith("Z")
    assert shown == {
        "id": message.pk,
        "message_sid": sent["sid"],
        "from": ACME_NUMBER,
        "to": CUSTOMER,
        "direction": "outbound",
        "body": "On our way",
        "purpose": "reply",
        "sender_type": "user",
        "status": "sent_to_provider",
        "not_before": None,
        "error_code": None,
        "num_segments": shown["num_segments"],
        "media": [],
        "delivered_at": None,
    }


@pytest.mark.parametrize(
    ("to", "sent_to"),
    [
        ("+1 415-555-0123", CUSTOMER),
        ("415.555.0123", CUSTOMER),
        (14155550123, CUSTOMER),
        ("+44 20 7946 0018", "+442079460018"),
    ],
)
def test_numbers_are_normalised(api, to, sent_to):
    api.post(SEND, HELLO | {"to": to})

    assert Message.objects.get().to_number == sent_to


@pytest.mark.parametrize("to", ["", "hello", "+", "555", "+999999999999999999", None, ["+14155550123"], {}, True])
def test_what_is_no_number_is_said(api, to):
    assert list(fields_of(api.post(SEND, HELLO | {"to": to}))) == ["to"]


@pytest.mark.parametrize("body", ["", "   ", None, "x" * 1601, ["a"]])
def test_what_is_no_text_is_said(api, body):
    assert list(fields_of(api.post(SEND, HELLO | {"body": body}))) == ["body"]


def test_a_text_of_1600_characters_passes(api):
    assert api.post(SEND, HELLO | {"body": "ñ" * 1600}).status_code == 202


def test_pictures_may_be_sent_without_words(api):
    picture = {"media": ["https://example.com/a.png"], "body": ""}

    assert api.post(SEND, HELLO | picture).status_code == 202
    assert Message.objects.get().media_urls == ["https://example.com/a.png"]


@pytest.mark.parametrize("media", [["ftp://example.com/a"], ["not an address"], ["https://example.com/a"] * 11])
def test_pictures_that_twilio_could_not_fetch_are_refused(api, media):
    assert all(name.startswith("media") for name in fields_of(api.post(SEND, HELLO | {"media": media})))
    assert not Message.objects.exists()


def test_nothing_at_all_is_refused(api):
    assert fields_of(api.post(SEND, HELLO | {"body": " "})) == {"body": "is empty, and there is no media"}


def test_purposes_that_are_ours_alone_are_refused(api):
    for purpose in ("missed_call", "owner_alert", "bulk", ""):
        assert list(fields_of(api.post(SEND, HELLO | {"purpose": purpose}))) == ["purpose"]


def test_the_sender_is_the_primary_number_or_the_one_named(api, acme):
    second = PhoneNumber.objects.create(tenant=acme, number="+15005550111", is_primary=False)
    api.post(SEND, HELLO)
    api.post(SEND, HELLO | {"from": second.number})

    assert [m.from_number for m in Message.objects.order_by("pk")] == [ACME_NUMBER, second.number]


def test_a_primary_number_that_cannot_send_yet_is_passed_over(api, acme):
    PhoneNumber.objects.update(state="porting")
    PhoneNumber.objects.create(tenant=acme, number="+15005550111", is_primary=False)
    api.post(SEND, HELLO)

    assert Message.objects.get().from_number == "+15005550111"


def test_a_foreign_a_released_and_no_number_are_said(api, acme, rival):
    assert fields_of(api.post(SEND, HELLO | {"from": RIVAL_NUMBER})) == {"from": "is no number of this business"}
    PhoneNumber.objects.filter(tenant=acme).update(state="released")
    assert fields_of(api.post(SEND, HELLO | {"from": ACME_NUMBER})) == {"from": "is no number of this business"}
    assert fields_of(api.post(SEND, HELLO)) == {"from": "the business has no number"}


def test_the_platform_names_the_number_that_sends(acme):
    platform = with_key(None)

    assert list(fields_of(platform.post(SEND, HELLO))) == ["from"]
    assert platform.post(SEND, HELLO | {"from": ACME_NUMBER}).status_code == 202
    assert Message.objects.get().tenant == acme


@pytest.mark.parametrize(
    ("fields", "code"), [({"opted_out_at": timezone.now()}, "OPTED_OUT"), ({"is_landline": True}, "LANDLINE")]
)
def test_the_gate_refuses_with_its_rule(api, acme, fields, code):
    Contact.objects.create(tenant=acme, number=CUSTOMER, **fields)
    answer = api.post(SEND, HELLO)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)
    assert not Message.objects.exists()


def test_the_gate_refuses_our_own_number_and_ones_that_take_no_texts(api):
    codes = [api.post(SEND, HELLO | {"to": to}).json()["error"]["code"] for to in (ACME_NUMBER, "+18005550123")]

    assert codes == ["OWN_NUMBER", "NOT_TEXTABLE"]


def test_a_text_for_later_waits(api, twilio_api, do_due_work):
    later = timezone.now() + timedelta(hours=3)
    accepted = api.post(SEND, HELLO | {"send_at": later.isoformat()})
    do_due_work()
    message = Message.objects.get()

    assert (accepted.status_code, message.status, message.next_attempt_at) == (202, "queued", later)
    assert twilio_api.messages(to=CUSTOMER) == []
    Message.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert work.run_one(sending.QUEUE, message.pk)
    assert len(twilio_api.messages(to=CUSTOMER)) == 1


def test_a_text_that_the_gate_holds_says_until_when(api, twilio_api, do_due_work, settings):
    settings.SMS_DAYTIME_HOURS = [9, 20]
    with time_machine.travel(datetime(2026, 11, 20, 6, tzinfo=UTC), tick=False):  # 22:00 where the number is from
        accepted = api.post(SEND, HELLO).json()
        shown = api.get(f"/api/messages/{accepted['id']}").json()
        Message.objects.update(next_attempt_at=timezone.now())
        do_due_work()  # held again, by the second look

    assert accepted["not_before"] == shown["not_before"] == "2026-11-20T17:00:00Z"
    with time_machine.travel(datetime(2026, 11, 20, 18, tzinfo=UTC), tick=False):
        Message.objects.update(next_attempt_at=DatabaseClock())
        do_due_work()
    shown = api.get(f"/api/messages/{accepted['id']}").json()
    assert (shown["status"], shown["not_before"]) == ("sent_to_provider", None)


@pytest.mark.parametrize(
    ("send_at", "said"),
    [
        ("2999-01-01T00:00:00Z", "days ahead"),
        ("9999-12-31T23:59:59-12:00", "out of range"),
        ("0001-01-01T00:00:00+12:00", "out of range"),
        ("2020-01-01T00:00:00Z", "in the past"),
        ("2030-01-01T00:00:00", "time zone"),
        ("tomorrow", "wrong format"),
        (17, "wrong format"),
        ("2030-01-01", "time zone"),
    ],
)
def test_a_time_that_makes_no_sense_is_said(api, send_at, said):
    assert said in fields_of(api.post(SEND, HELLO | {"send_at": send_at}))["send_at"]


def test_texts_are_found_by_person_and_status(api, make_message):
    mine = make_message(status="delivered")
    make_message(to_number="+14155550199", status="delivered")
    make_message(status="failed")

    def ids(query):
        return [row["id"] for row in api.get(f"/api/messages/?{query}").json()["results"]]

    assert ids("to=%2B14155550123&status=delivered") == [mine.pk]
    assert ids("to=+14155550123&status=delivered") == [mine.pk]  # an unescaped plus
    assert ids("to=(415)%20555-0123&status=delivered") == [mine.pk]
    assert len(ids("to=&status=")) == 3
    assert ids("to=nobody") == []


def test_a_status_that_does_not_exist_and_a_nul_are_said(api):
    assert list(fields_of(api.get("/api/messages/?status=lost&to=%00"))) == ["to", "status"]
