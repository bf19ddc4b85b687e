"""STOP, its own words, START and HELP: what follows, in rows, facts and texts."""

import pytest

from conversations.models import Conversation
from nevermisscall.lib.segments import is_gsm7, segments
from nevermisscall.outbox.models import Fact
from sms import services
from sms.models import Message, Status
from sms.services import TextRefused
from tenants.compliance import Purpose
from tenants.models import Consent, Contact, PhoneNumber
from tests.fixtures.people import CUSTOMER
from tests.sms.inbound.texts import number, send

TakenAs = Message.TakenAs


def texts_to_customer() -> list[str]:
    return list(Message.objects.filter(direction="outbound").order_by("pk").values_list("body", flat=True))


def topics(prefix: str = "contact.") -> list[str]:
    found = Fact.objects.filter(topic__startswith=prefix).order_by("occurred_at")
    return list(found.values_list("topic", flat=True))


def test_stop_opts_out_without_an_answer(acme, twilio, do_due_work):
    twilio.text(" stop. ")
    do_due_work()

    assert Contact.objects.get().opted_out_at is not None
    assert topics() == ["contact.opted_out"]
    assert not texts_to_customer()
    assert not Conversation.objects.exists()
    with pytest.raises(TextRefused) as refused:
        send()
    assert refused.value.verdict.rule == "opted_out"


@pytest.mark.parametrize("kind", ["STOP", "START", "HELP"])
def test_what_twilio_answered_is_not_answered_again(acme, twilio, do_due_work, kind):
    twilio.text(kind, OptOutType=kind)
    do_due_work()

    assert not texts_to_customer()


def test_advanced_opt_out_counts_whatever_its_word(acme, twilio):
    twilio.text("ALTO", OptOutType="STOP")

    assert Message.objects.get().taken_as == TakenAs.STOP
    assert Contact.objects.get().opted_out_at is not None


def test_stopping_twice_is_told_once(acme, twilio):
    twilio.text("STOP")
    twilio.text("STOP")
    twilio.text("stop texting me")

    assert topics() == ["contact.opted_out"]
    assert not texts_to_customer()


@pytest.mark.parametrize(
    ("words", "again", "confirmation"),
    [
        ("please stop texting me", "stop messaging me!", "Acme Plumbing: you won't get any more texts from us."),
        ("no me escriban más", "quítenme de la lista", "Acme Plumbing: ya no le mandaremos mensajes."),
    ],
    ids=["en", "es"],
)
def test_the_whole_story(acme, twilio, twilio_api, do_due_work, words, again, confirmation):
    twilio.text("My sink is leaking")
    do_due_work()
    queued = send(Purpose.MISSED_CALL)
    twilio.text(words)
    twilio.text(again)
    do_due_work()

    queued.refresh_from_db()
    assert (queued.status, queued.verdict["rule"]) == (Status.CANCELED, "opted_out")
    [sent] = twilio_api.messages(to=CUSTOMER)
    assert sent["body"].startswith(confirmation)
    assert "START" in sent["body"]
    [conversation] = Conversation.objects.all()
    assert [e.message.taken_as for e in conversation.entries.all()] == ["conversation", "revoke", "revoke"]
    needs = Fact.objects.filter(topic="conversation.message_received").order_by("sequence")
    assert [fact.data["needs_answer"] for fact in needs] == [True, False, False]

    twilio.text("START")
    do_due_work()
    assert topics() == ["contact.opted_out", "contact.opted_in"]
    assert send(key="after").verdict["rule"] == "allowed"
    do_due_work()
    assert [text["body"] for text in twilio_api.messages(to=CUSTOMER)[1:]] == ["On our way"]


def test_a_stop_while_the_text_waits_cancels_it(acme, twilio, twilio_api, do_due_work):
    message = send(Purpose.MISSED_CALL)
    twilio.text("STOP")
    do_due_work()

    message.refresh_from_db()
    assert message.status == Status.CANCELED
    assert not twilio_api.messages(to=CUSTOMER)


def test_twilios_own_refusal_opts_out(acme, twilio, twilio_api, do_due_work):
    blocked = "+15005550004"  # Twilio refuses this one with 21610
    message = services.send_message(
        number=number(), to_number=blocked, body="Hi", purpose=Purpose.REPLY, idempotency_key="k"
    )
    do_due_work()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (Status.FAILED, 21610)
    assert topics() == ["contact.opted_out"]
    assert set(Consent.objects.values_list("source", "is_granted")) == {("carrier", False)}


@pytest.mark.parametrize("word", ["START", "unstop", "Yes"])
def test_start_opts_in_again(acme, twilio, word):
    twilio.text("STOP")
    twilio.text(word)

    assert Contact.objects.get().opted_out_at is None
    assert topics() == ["contact.opted_out", "contact.opted_in"]
    assert Message.objects.last().taken_as == TakenAs.START


def test_yes_is_an_answer_from_everybody_else(acme, twilio, do_due_work):
    twilio.text("Yes")
    do_due_work()

    assert Message.objects.get().taken_as == TakenAs.CONVERSATION
    assert Conversation.objects.exists()
    assert not topics()


def test_on_a_toll_free_number_yes_does_not_opt_in(acme, twilio):
    PhoneNumber.objects.create(tenant=acme, number="+18005550142", is_primary=False)
    twilio.text("STOP", To="+18005550142")
    twilio.text("YES", To="+18005550142")

    assert Contact.objects.get().opted_out_at is not None


@pytest.fixture
def twilio_is_silent(settings):
    """An account on which Twilio's own answers are turned off."""
    settings.TWILIO_ANSWERS_KEYWORDS = False


@pytest.mark.parametrize("word", ["HELP", "info", "Help!"])
def test_help_is_left_to_twilio(acme, twilio, do_due_work, word):
    twilio.text(word)
    do_due_work()

    assert not texts_to_customer()
    assert Message.objects.get().taken_as == TakenAs.HELP


def test_a_stop_that_twilio_leaves_to_us_is_confirmed_once(acme, twilio, twilio_is_silent):
    twilio.text("STOP")
    twilio.text("STOP")

    [body] = texts_to_customer()
    assert body.startswith("Acme Plumbing: you won't get any more texts from us.")


@pytest.mark.parametrize("answered", ["by the network", "by Advanced Opt-Out"])
def test_a_stop_that_was_answered_is_not_confirmed_again(acme, twilio, twilio_is_silent, answered):
    PhoneNumber.objects.create(tenant=acme, number="+18005550142", is_primary=False)
    twilio.text("STOP", **({"To": "+18005550142"} if answered == "by the network" else {"OptOutType": "STOP"}))

    assert not texts_to_customer()
    assert Contact.objects.get().opted_out_at is not None


def test_help_is_answered_once_with_who_and_how(acme, twilio, do_due_work, twilio_is_silent):
    twilio.text("Help!")
    twilio.text("INFO")
    do_due_work()

    [body] = texts_to_customer()
    assert body.startswith("Acme Plumbing: call us at (500) 555-0100")
    assert "STOP" in body
    assert is_gsm7(body)
    assert segments(body) == 1
    assert not Conversation.objects.exists()


def test_help_is_answered_in_the_customers_language(acme, twilio, twilio_is_silent):
    Contact.objects.create(tenant=acme, number=CUSTOMER, language="es")
    twilio.text("help")

    assert texts_to_customer()[0].startswith("Acme Plumbing: llame al")


def test_somebody_who_opted_out_is_heard_and_not_answered(acme, twilio, do_due_work):
    twilio.text("STOP")
    do_due_work()
    twilio.text("My basement is flooding")
    do_due_work()

    assert Conversation.objects.get().entries.count() == 1
    assert Contact.objects.get().opted_out_at is not None


def test_an_opt_out_is_of_one_business_only(acme, rival, twilio):
    twilio.text("STOP")

    rivals = PhoneNumber.objects.select_related("tenant").get(tenant=rival)
    message = services.send_message(
        number=rivals, to_number=CUSTOMER, body="Hi", purpose=Purpose.REPLY, idempotency_key="k"
    )
    assert message.verdict["rule"] == "allowed"
