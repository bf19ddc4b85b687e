"""A text arrives: what is kept, what is not reacted to, and that a repeat changes nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations import receiving
from conversations.models import Conversation, Entry
from nevermisscall.outbox.models import Fact
from sms.models import Message, MessageMedia, Status
from tenants.models import Contact, PhoneNumber, Tenant, TwilioAccount
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE, RIVAL_NUMBER
from tests.fixtures.webhooks import new_sid

TakenAs = Message.TakenAs


def topics() -> list[str]:
    return list(Fact.objects.order_by("occurred_at").values_list("topic", flat=True))


def test_a_customers_text_is_kept_as_it_was_sent(acme, twilio):
    answer = twilio.text("  My sink\n is leaking ", NumSegments="1")

    message = Message.objects.get()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.endswith("<Response></Response>")
    assert message.body == "  My sink\n is leaking "
    assert (message.direction, message.sender_type, message.status) == ("inbound", "customer", Status.RECEIVED)
    assert (message.tenant, message.phone_number) == (acme, acme.numbers.get())
    assert (message.from_number, message.to_number) == (CUSTOMER, ACME_NUMBER)
    assert (message.num_segments, message.purpose, message.next_attempt_at) == (1, "", None)
    assert topics() == ["sms.message_received"]


def test_a_repeat_has_no_second_effect_and_the_same_answer(acme, twilio, do_due_work):
    sid = new_sid("SM")
    answers = {twilio.text("please stop texting me", MessageSid=sid).text for _ in range(3)}

    assert len(answers) == 1
    assert Message.objects.filter(direction="inbound").count() == 1
    assert Message.objects.filter(direction="outbound").count() == 1


@pytest.mark.parametrize(
    ("body", "segments"), [("x" * 2_000, 14), ("😀" * 900, 28), ("nul\x00", 1), ("\u202eevil\x0b\x1f\ufffe", 1)]
)
def test_no_body_breaks_it(acme, twilio, body, segments):
    assert twilio.text(body).status_code == 200
    assert Message.objects.get().num_segments == segments


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(max_size=200), extra=st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20)))
def test_no_fields_break_it(acme, twilio, body, extra):
    fixed = {"MessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "body", "media", "self"}
    fields = {name: value for name, value in extra.items() if name not in fixed}

    assert twilio.text(body, **fields).status_code == 200


@pytest.mark.parametrize("fields", [{"MessageSid": "SM12"}, {"MessageSid": ""}, {"MessageSid": "CA" + "0" * 32}])
def test_a_text_without_a_sid_is_malformed(acme, twilio, fields):
    answer = twilio.post("/webhooks/twilio/sms", {"AccountSid": "AC" + "0" * 32, "From": CUSTOMER, **fields})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_WEBHOOK")
    assert not Message.objects.exists()


def test_an_unsigned_text_is_refused(acme, client):
    assert client.post("/webhooks/twilio/sms", {"MessageSid": new_sid("SM")}).status_code == 401


def test_a_text_for_a_number_of_nobody_is_kept_without_a_business(acme, twilio):
    assert twilio.text(To="+15005550999", media=["image/jpeg"]).status_code == 200

    message = Message.objects.get()
    assert (message.tenant, message.phone_number, message.taken_as) == (None, None, TakenAs.NO_BUSINESS)
    assert not topics()
    assert not Contact.objects.exists()
    assert not MessageMedia.objects.exists()


def test_a_released_number_belongs_to_nobody(acme, twilio):
    acme.numbers.update(state=PhoneNumber.State.RELEASED)
    twilio.text()

    assert (Message.objects.get().tenant, topics()) == (None, [])


def test_another_accounts_signature_proves_nothing_about_our_number(acme, rival, twilio):
    other = "AC" + "5" * 32
    TwilioAccount.objects.create(tenant=rival, account_sid=other, auth_token="other-token")
    fields = {"MessageSid": new_sid("SM"), "AccountSid": other, "From": CUSTOMER, "To": ACME_NUMBER, "Body": "STOP"}
    assert twilio.post("/webhooks/twilio/sms", fields, token="other-token").status_code == 200

    assert Message.objects.get().taken_as == TakenAs.NO_BUSINESS
    assert not Contact.objects.exists()


@pytest.mark.parametrize("status", [Tenant.Status.SUSPENDED, Tenant.Status.CLOSED])
def test_a_business_that_is_not_active_reacts_to_nothing_but_stop(acme, twilio, status):
    acme.status = status
    acme.save()
    twilio.text("my sink is leaking")
    twilio.text("please stop texting me")

    assert [m.taken_as for m in Message.objects.order_by("pk")] == [TakenAs.NOT_ACTIVE, TakenAs.REVOKE]
    assert Contact.objects.get().opted_out_at is not None
    assert topics() == ["contact.opted_out"]  # and no confirmation: it may not send


@pytest.mark.parametrize(
    "sender", ["72345", "+18005550123", "AMAZON", "whatsapp:+14155550123", "", "+266696687", "client:me", "x" * 400]
)
def test_senders_that_cannot_be_customers_are_only_kept(acme, twilio, sender):
    assert twilio.text("STOP", From=sender).status_code == 200

    assert Message.objects.get().taken_as == TakenAs.NOT_A_PERSON
    assert not topics()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("sender", [ACME_NUMBER, RIVAL_NUMBER])
def test_our_own_numbers_get_no_reaction(acme, rival, twilio, sender):
    twilio.text(From=sender)

    assert (Message.objects.get().taken_as, topics()) == (TakenAs.OWN_NUMBER, [])


def test_an_owners_text_is_marked_and_told(acme, twilio):
    twilio.text("Tell her I come at five", From=OWNER_PHONE)

    message = Message.objects.get()
    assert (message.sender_type, message.taken_as) == ("user", TakenAs.OWNER)
    assert topics() == ["sms.owner_message_received"]
    assert not Contact.objects.exists()


def test_an_owners_words_about_stopping_are_for_a_customer(acme, twilio):
    twilio.text("please stop texting me", From=OWNER_PHONE)
    twilio.text("HELP", From=OWNER_PHONE)
    assert topics() == ["sms.owner_message_received"] * 2

    twilio.text("STOP", From=OWNER_PHONE)
    assert topics()[2:] == ["contact.opted_out"]


def test_a_blocked_contact_is_kept_without_reaction(acme, twilio, do_due_work):
    Contact.objects.create(tenant=acme, number=CUSTOMER, is_blocked=True)
    twilio.text("BUY NOW", media=["image/png"])
    twilio.text("HELP")
    do_due_work()

    assert [m.taken_as for m in Message.objects.order_by("pk")] == [TakenAs.BLOCKED] * 2
    assert MessageMedia.objects.get().state == MessageMedia.State.REFUSED
    assert not topics()
    assert not Conversation.objects.exists()


def test_an_empty_text_is_kept_without_reaction(acme, twilio):
    twilio.text(" \n ")

    assert (Message.objects.get().taken_as, topics()) == (TakenAs.EMPTY, [])


def test_an_empty_text_with_a_picture_is_a_message(acme, twilio, do_due_work):
    twilio.text("", media=["image/jpeg"])

    assert Message.objects.get().taken_as == TakenAs.CONVERSATION


def test_ten_files_are_kept_and_no_more(acme, twilio):
    twilio.text("look", media=["image/jpeg"] * 10, NumMedia="12")

    media = MessageMedia.objects.all()
    assert [m.position for m in media] == list(range(10))
    assert all(m.state == MessageMedia.State.PENDING and m.fetch_at for m in media)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/x.jpg",
        "https://api.twilio.com/2010-04-01/Accounts/AC" + "9" * 32 + "/Messages/MM" + "1" * 32 + "/Media/ME" + "2" * 32,
        "https://api.twilio.com/2010-04-01/Accounts/AC" + "0" * 32 + "/Messages/../../Media/ME" + "2" * 32,
        "http://[half-a-host/x",
    ],
)
def test_a_file_that_is_not_this_accounts_at_twilio_is_not_fetched(acme, twilio, url):
    assert twilio.text("look", media=["image/jpeg"], MediaUrl0=url).status_code == 200

    media = MessageMedia.objects.get()
    assert (media.state, media.fetch_at) == (MessageMedia.State.REFUSED, None)


def test_a_customers_text_goes_into_their_conversation(acme, twilio, do_due_work):
    twilio.text("My sink is leaking")
    twilio.text("Are you there?")
    do_due_work()

    conversation = Conversation.objects.get()
    entries = [entry.message.body for entry in conversation.entries.select_related("message")]
    assert entries == ["My sink is leaking", "Are you there?"]
    assert (conversation.status, conversation.ownership) == ("active", "none")
    assert (conversation.customer_phone, conversation.contact.number) == (CUSTOMER, CUSTOMER)
    facts = Fact.objects.filter(aggregate=f"conversation:{conversation.pk}").order_by("sequence")
    assert [fact.topic for fact in facts] == ["conversation.created", *["conversation.message_received"] * 2]
    assert facts[1].data["needs_answer"] is True
    assert facts[1].data["customer_phone"] == CUSTOMER


def test_a_text_after_a_missed_call_joins_its_conversation(acme, twilio, twilio_api, do_due_work):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()
    twilio.text("My sink is leaking")
    do_due_work()

    conversation = Conversation.objects.get()
    kinds = ["call" if entry.call else entry.message.direction for entry in conversation.entries.all()]
    assert kinds == ["call", "outbound", "inbound"]


def test_a_text_to_another_number_of_the_business_is_another_conversation(acme, twilio, do_due_work):
    PhoneNumber.objects.create(tenant=acme, number="+15005550101", is_primary=False)
    twilio.text()
    twilio.text(To="+15005550101")
    do_due_work()

    assert Conversation.objects.count() == 2


def test_a_conversation_that_was_completed_long_ago_is_not_reopened(acme, twilio, do_due_work):
    twilio.text()
    do_due_work()
    two_days_ago = timezone.now() - timedelta(days=2)
    Conversation.objects.update(
        status="completed", ai_timer_started=False, ai_timer_started_at=None, ai_due_at=None, completed_at=two_days_ago
    )
    twilio.text("One more thing")
    do_due_work()

    assert Conversation.objects.count() == 2
    assert Conversation.objects.open().count() == 1


def test_a_fact_handed_on_twice_makes_one_line(acme, twilio, do_due_work):
    twilio.text()
    do_due_work()
    receiving.receive_message(message_id=Message.objects.get().pk)

    assert Entry.objects.count() == 1


def test_texts_handed_on_out_of_order_are_shown_in_order(acme, twilio):
    for body in ("one", "two", "three"):
        twilio.text(body)
    for message in Message.objects.order_by("-pk"):
        receiving.receive_message(message_id=message.pk)

    assert [entry.message.body for entry in Conversation.objects.get().entries.all()] == ["one", "two", "three"]
