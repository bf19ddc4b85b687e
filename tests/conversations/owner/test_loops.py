"""No machine talks with a machine, and what a phone sends by itself reaches no customer."""

from datetime import timedelta

import pytest

from conversations.models import Conversation
from conversations.owner import answering
from conversations.owner.models import OwnerText
from sms.models import Message
from tests.conversations.owner.conftest import BOB, JANE
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE, RIVAL_NUMBER

State = OwnerText.State


@pytest.fixture
def jane(phones):
    return phones.customer("my sink leaks", phone=JANE)


@pytest.mark.parametrize(
    "words",
    [
        "I'm driving with Do Not Disturb turned on. I'll see your message when I get where I'm going.",
        "Estoy conduciendo con No molestar activado. Veré tu mensaje cuando llegue a mi destino.",
        "Auto-reply: in a meeting",
    ],
)
def test_what_a_drivers_phone_answers_is_for_nobody(phones, jane, words):
    before = phones.texts_to(OWNER_PHONE)
    text = phones.owner(words)

    assert (phones.texts_to(JANE), phones.texts_to(OWNER_PHONE)) == ([], before)
    assert text.state == State.IGNORED
    assert Conversation.objects.get().ownership == "none"


def test_a_reaction_to_an_alert_is_for_nobody(phones, jane):
    text = phones.owner(f"Liked “{phones.last_to()}”")

    assert (phones.texts_to(JANE), text.state) == ([], State.IGNORED)


def test_our_own_words_that_come_back_are_for_nobody(phones, jane):
    text = phones.owner(phones.last_to())

    assert (phones.texts_to(JANE), text.state) == ([], State.IGNORED)


def test_the_same_words_again_at_once_are_a_machines(phones, jane):
    phones.owner("In a meeting, back at 3")
    phones.customer("when do you come?")
    phones.owner("In a meeting, back at 3")

    assert phones.texts_to(JANE) == ["In a meeting, back at 3"]
    assert "looks like an automatic reply" in phones.last_to()


def test_a_machine_is_told_so_once(phones, jane):
    for _ in range(5):
        phones.customer("when do you come?")
        phones.owner("In a meeting, back at 3")

    told = [text for text in phones.texts_to(OWNER_PHONE) if "automatic reply" in text]
    assert len(told) == 1


def test_a_person_may_say_the_same_again(phones, jane):
    phones.owner("On my way")
    phones.customer("thanks")
    phones.owner(f"{jane} On my way")  # a number in front
    Message.objects.update(sent_at=OwnerText.objects.latest("pk").created_at - timedelta(seconds=30))
    phones.owner("On my way")  # not at once

    assert phones.texts_to(JANE) == ["On my way"] * 3


def test_out_of_office_is_told_to_the_owner_who_may_send_it_with_a_number(phones, jane):
    phones.owner("I'm out of the office until Monday")
    assert phones.texts_to(JANE) == []
    assert "Begin with a number such as #12 to send it" in phones.last_to()

    phones.owner(f"{jane} I'm out of the office until Monday")
    assert phones.texts_to(JANE) == ["I'm out of the office until Monday"]


def test_an_empty_text_is_ignored(phones, jane):
    text = phones.owner("  ")

    assert (text.state, phones.texts_to(JANE)) == (State.IGNORED, [])


def test_a_machine_that_varies_its_words_is_not_answered_for_ever(phones, business):
    for n in range(answering.MOST + 5):
        phones.owner(f"your ticket is {n * 7 + 100000}")
        Message.objects.filter(idempotency_key__startswith="owner-answer:owner_which").delete()

    assert len(phones.texts_to(OWNER_PHONE)) == answering.MOST


@pytest.mark.parametrize("sender", [ACME_NUMBER, RIVAL_NUMBER])
def test_a_number_of_ours_is_no_owner_even_if_it_is_listed_as_one(phones, business, rival, sender):
    business.owner_numbers.create(number=sender)
    phones.customer(phone=BOB)
    phones.owner("Hello", phone=sender)

    assert phones.texts_to(BOB) == []
    assert not OwnerText.objects.exists()
