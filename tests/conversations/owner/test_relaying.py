"""What an owner texts back reaches the customer, and a person has the conversation from then on."""

import pytest

from conversations import alerts, ownership, threads
from conversations.models import Conversation, Transition
from conversations.owner.models import OwnerText
from nevermisscall.outbox.models import Delivery, Fact
from sms import services as sms_services
from sms.models import Message
from tenants.compliance import Purpose
from tenants.models import Contact, OwnerNumber
from tests.conversations.owner.conftest import BOB, JANE, PARTNER
from tests.fixtures.people import OWNER_PHONE
from tests.fixtures.webhooks import new_sid

Status, Ownership = Conversation.Status, Conversation.Ownership


@pytest.fixture
def with_ai(business):
    business.ai_enabled = True
    business.save()


@pytest.fixture
def of_the_ai(with_ai, phones):
    """A conversation of the AI, of which the owner was told."""
    conversation = phones.customer()
    ownership.move(conversation, Status.AI_HANDLING, actor=Transition.Actor.AI, reason="nobody had answered")
    alerts.tell(conversation, template="owner_ai_took", key="1", values={"words": "my sink leaks"})
    phones.do_due_work()
    return conversation


def test_the_words_reach_the_customer_and_the_ai_is_silent(phones, of_the_ai):
    text = phones.owner("  I'll be there\nat 5  ")

    assert phones.texts_to(JANE) == ["I'll be there\nat 5"]
    of_the_ai.refresh_from_db()
    assert (of_the_ai.status, of_the_ai.ownership, of_the_ai.relay_to) == ("user_handling", "user", OWNER_PHONE)
    assert (of_the_ai.ai_due_at, of_the_ai.ai_timer_started) == (None, False)
    assert text.state == OwnerText.State.DONE
    assert of_the_ai.transitions.last().actor == Transition.Actor.USER


def test_the_timer_that_runs_is_stopped(phones, with_ai):
    conversation = phones.customer()
    assert conversation.ai_due_at is not None
    phones.owner(f"{conversation} coming")

    conversation.refresh_from_db()
    assert (conversation.status, conversation.ai_due_at) == (Status.USER_HANDLING, None)


def test_the_owner_gets_no_receipt(phones, of_the_ai):
    before = phones.texts_to(OWNER_PHONE)
    phones.owner("On my way")

    assert phones.texts_to(OWNER_PHONE) == before


def test_from_then_on_the_customers_texts_come_to_that_phone(phones, of_the_ai):
    phones.owner("On my way", phone=PARTNER)  # who was not alerted
    phones.owner(f"{of_the_ai} On my way", phone=PARTNER)
    phones.customer("Great, the door is open")

    assert phones.last_to(PARTNER) == f"{of_the_ai} (415) 555-0123: Great, the door is open"
    assert "Great" not in phones.last_to(OWNER_PHONE)


def test_a_phone_that_left_the_business_gets_no_more_of_them(phones, of_the_ai):
    phones.owner(f"{of_the_ai} On my way", phone=PARTNER)
    OwnerNumber.objects.filter(number=PARTNER).delete()
    phones.customer("Great, the door is open")

    assert phones.texts_to(PARTNER) == []
    assert phones.last_to(OWNER_PHONE).endswith("Great, the door is open")


def test_the_line_stands_in_the_conversation_as_a_persons(phones, of_the_ai):
    phones.owner("On my way")

    line = of_the_ai.entries.last().message
    assert (line.body, line.sender_type, line.purpose) == ("On my way", "user", "reply")


def test_a_repeated_webhook_and_a_repeated_fact_send_it_once(phones, of_the_ai, do_due_work):
    sid = new_sid("SM")
    for _ in range(2):
        phones.owner("On my way", MessageSid=sid)
    Delivery.objects.filter(subscriber="owner.receive_text").update(next_attempt_at="2026-01-01T00:00Z")
    do_due_work()

    assert phones.texts_to(JANE) == ["On my way"]
    assert OwnerText.objects.count() == 1


@pytest.mark.parametrize(
    ("contact", "why"),
    [
        ({"opted_out_at": "2026-01-01T00:00Z"}, "they opted out of texts"),
        ({"is_landline": True}, "it is a landline"),
    ],
    ids=["opted out", "landline"],
)
def test_an_owner_whose_words_may_not_be_sent_is_told_why(phones, of_the_ai, contact, why):
    Contact.objects.update(**contact)
    text = phones.owner("On my way")

    assert phones.texts_to(JANE) == []
    assert phones.last_to() == f"{of_the_ai} (415) 555-0123: not sent, {why}."
    of_the_ai.refresh_from_db()
    assert (text.state, of_the_ai.status) == (OwnerText.State.REFUSED, Status.AI_HANDLING)


def test_an_owner_who_opted_out_is_not_answered_but_heard(phones, of_the_ai, caplog):
    phones.owner("STOP")
    phones.owner("LIST")
    phones.owner("On my way")

    assert "the owner cannot be answered by text" in caplog.text
    assert phones.texts_to(JANE) == ["On my way"]


def test_words_that_are_too_long_are_refused_as_a_whole(phones, of_the_ai):
    phones.owner("x" * 1601)

    assert phones.texts_to(JANE) == []
    assert "at most 1600 characters" in phones.last_to()


def test_another_member_takes_over_and_the_first_one_is_told(phones, of_the_ai):
    OwnerNumber.objects.filter(number=PARTNER).update(name="Ann")
    phones.owner("On my way")
    phones.owner(f"{of_the_ai} Ann here, I'll be quicker", phone=PARTNER)

    assert phones.last_to() == f"{of_the_ai} (415) 555-0123: Ann is answering now."
    of_the_ai.refresh_from_db()
    assert of_the_ai.relay_to == PARTNER
    assert [move.to_status for move in of_the_ai.transitions.all()][-2:] == ["user_handling"] * 2
    assert len(phones.texts_to(JANE)) == 2


def test_a_member_without_a_name_is_shown_by_number(phones, of_the_ai):
    phones.owner("On my way")
    phones.owner(f"{of_the_ai} TAKE", phone=PARTNER)

    assert "(500) 555-0201 is answering now" in phones.last_to()


def test_words_after_the_end_open_the_conversation_again(phones, of_the_ai):
    phones.owner("DONE")
    phones.owner(f"{of_the_ai} One more thing: switch the water back on")

    of_the_ai.refresh_from_db()
    assert (of_the_ai.status, of_the_ai.relay_to) == (Status.USER_HANDLING, OWNER_PHONE)
    assert len(phones.texts_to(JANE)) == 1


def test_the_number_of_an_ended_conversation_reaches_the_customers_newer_one(phones, of_the_ai, age):
    phones.owner("DONE")
    Conversation.objects.update(completed_at="2026-01-01T00:00Z")
    newer = phones.customer("it leaks again")
    phones.owner(f"{of_the_ai} Coming back")

    newer.refresh_from_db()
    assert (newer.pk != of_the_ai.pk, newer.relay_to) == (True, OWNER_PHONE)


def test_a_phone_that_is_not_the_businesss_any_more_says_nothing_to_customers(phones, of_the_ai, twilio, do_due_work):
    twilio.text("On my way", From=OWNER_PHONE)
    OwnerNumber.objects.all().delete()
    do_due_work()

    assert phones.texts_to(JANE) == []
    assert not OwnerText.objects.exists()


def test_a_text_that_fails_later_is_told_to_the_phone_that_wrote_it(phones, of_the_ai, twilio):
    phones.owner(f"{of_the_ai} On my way", phone=PARTNER)
    failed = Message.objects.get(body="On my way", direction="outbound")
    for _ in range(2):
        twilio.message_status(failed.message_sid, "undelivered", ErrorCode="30005")
    phones.do_due_work()

    why = f'{of_the_ai} (415) 555-0123 did not get "On my way": the text was not delivered. Please call them.'
    assert phones.last_to(PARTNER) == why
    assert phones.texts_to(PARTNER).count(why) == 1


@pytest.fixture
def fail(phones, business, twilio):
    """Send a text to a customer and have the carrier report that it is a landline."""

    def send(to: str, purpose: Purpose, conversation: Conversation | None = None) -> None:
        message = sms_services.send_message(
            number=business.numbers.get(),
            to_number=to,
            body="What is the address?",
            purpose=purpose,
            idempotency_key="one",
            sender_type=Message.SenderType.AI,
        )
        if conversation is not None:
            threads.add_sent(conversation, message)
        phones.do_due_work()
        message.refresh_from_db()
        twilio.message_status(message.message_sid, "undelivered", ErrorCode="30006")
        phones.do_due_work()

    return send


def test_a_text_of_the_ai_that_fails_is_told_to_the_owner(phones, of_the_ai, fail):
    fail(JANE, Purpose.AI, of_the_ai)

    assert 'did not get "What is the address?": it is a landline' in phones.last_to()


def test_a_text_outside_any_conversation_that_fails_is_nobodys_news(phones, fail):
    fail(BOB, Purpose.REPLY)

    assert phones.texts_to(OWNER_PHONE) == []


def test_in_spanish(phones, of_the_ai, business):
    business.language = "es"
    business.save()
    Contact.objects.update(is_landline=True)
    phones.owner("Ya voy")

    assert phones.last_to() == f"{of_the_ai} (415) 555-0123: no se envió, es un teléfono fijo."


def test_the_fact_tells_that_a_person_has_it(phones, of_the_ai):
    phones.owner("On my way")

    topics = (
        Fact.objects.filter(aggregate=f"conversation:{of_the_ai.pk}")
        .order_by("sequence")
        .values_list("topic", flat=True)
    )
    assert list(topics)[-2:] == ["conversation.user_taken", "conversation.message_sent"]
