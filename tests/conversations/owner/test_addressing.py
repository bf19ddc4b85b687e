"""For whom an owner's words are. Where it is not plain they are asked; nothing is ever sent to the wrong person."""

from datetime import timedelta

import pytest

from conversations.models import Conversation
from conversations.owner.models import OwnerText
from tests.conversations.owner.conftest import BOB, CLEO, JANE, PARTNER
from tests.fixtures.people import OWNER_PHONE, PhoneNumberFactory

State = OwnerText.State


@pytest.fixture
def jane(phones):
    return phones.customer("my sink leaks", phone=JANE)


@pytest.fixture
def bob(jane, phones):
    """Who writes after Jane did."""
    return phones.customer("do you fix heaters?", phone=BOB)


def test_the_one_that_last_alerted_is_meant(phones, jane):
    phones.owner("On my way")

    assert phones.texts_to(JANE) == ["On my way"]


@pytest.mark.parametrize("form", ["#{} On my way", "# {}: On my way", "{}: On my way"])
def test_a_number_in_front_decides(phones, jane, bob, form):
    phones.owner(form.format(jane.pk))

    assert (phones.texts_to(JANE), phones.texts_to(BOB)) == (["On my way"], [])


def test_after_half_an_hour_the_earlier_one_is_not_meant(phones, jane, age):
    age(jane, minutes=31)
    phones.customer("do you fix heaters?", phone=BOB)
    phones.owner("Yes we do")

    assert (phones.texts_to(JANE), phones.texts_to(BOB)) == ([], ["Yes we do"])


def test_two_within_half_an_hour_are_asked_about(phones, jane, bob):
    text = phones.owner("On my way")

    assert (phones.texts_to(JANE), phones.texts_to(BOB)) == ([], [])
    assert phones.last_to() == (
        f'Acme Plumbing: Which one? {bob} (415) 555-0124: "do you fix heaters?" or '
        f'{jane} (415) 555-0123: "my sink leaks". Begin with the number; the number alone sends what you just wrote.'
    )
    assert text.state == State.WAITING
    assert not Conversation.objects.exclude(ownership="none").exists()


@pytest.mark.parametrize("form", ["#{}", "{}", "# {}", "{}:"])
def test_the_number_alone_sends_what_was_written(phones, jane, bob, form):
    phones.owner("On my way")
    phones.owner(form.format(jane.pk))

    assert (phones.texts_to(JANE), phones.texts_to(BOB)) == (["On my way"], [])
    assert [text.state for text in OwnerText.objects.order_by("pk")] == [State.DONE] * 2


def test_all_that_waited_is_sent_in_order_and_asked_about_once(phones, jane, bob):
    asked = len(phones.texts_to(OWNER_PHONE))
    phones.owner("On my way")
    phones.owner("Turn off the water")
    phones.owner(f"#{jane.pk}")

    assert phones.texts_to(JANE) == ["On my way", "Turn off the water"]
    assert len(phones.texts_to(OWNER_PHONE)) == asked + 1


def test_a_command_waits_for_its_number_too(phones, jane, bob):
    phones.owner("TAKE")
    phones.owner(f"{bob.pk}")

    bob.refresh_from_db()
    assert bob.relay_to == OWNER_PHONE
    assert phones.last_to().startswith(f"{bob} (415) 555-0124 is yours")


def test_a_wrong_number_is_asked_about_and_the_words_are_kept(phones, jane):
    phones.owner("#999 On my way")
    assert "there is no #999" in phones.last_to()

    phones.owner("998")
    assert "there is no #998" in phones.last_to()
    phones.owner(f"{jane.pk}")
    assert phones.texts_to(JANE) == ["On my way"]


def test_words_wait_for_an_hour(phones, jane, bob):
    phones.owner("On my way")
    OwnerText.objects.update(created_at=OwnerText.objects.get().created_at - timedelta(minutes=61))
    phones.owner(f"#{jane.pk}")

    assert phones.texts_to(JANE) == []
    assert phones.last_to() == 'Acme Plumbing: not sent: "On my way"'


def test_other_words_with_a_number_replace_those_that_wait(phones, jane, bob):
    phones.owner("On my way")
    phones.owner(f"#{jane.pk} I come at five")

    assert phones.texts_to(JANE) == ["I come at five"]
    assert phones.last_to() == 'Acme Plumbing: not sent: "On my way"'
    phones.owner(f"#{bob.pk}")
    assert phones.texts_to(BOB) == []


def test_the_same_words_written_again_need_no_remark(phones, jane, bob):
    phones.owner("On my way")
    phones.owner(f"#{jane.pk} On my way")

    assert phones.texts_to(JANE) == ["On my way"]
    assert "Which one?" in phones.last_to()


def test_who_is_in_the_middle_of_one_goes_on_with_it(phones, jane, bob):
    phones.owner(f"#{jane.pk} On my way")
    phones.owner("Turn off the water")  # Bob alerted half an hour ago too
    phones.customer("done, thanks", phone=JANE)
    phones.owner("See you")

    assert phones.texts_to(JANE) == ["On my way", "Turn off the water", "See you"]


def test_who_is_in_the_middle_of_one_when_another_writes_is_asked(phones, jane):
    phones.owner(f"#{jane.pk} On my way")
    phones.customer("do you fix heaters?", phone=BOB)
    text = phones.owner("Yes, at five")

    assert (text.state, phones.texts_to(BOB)) == (State.WAITING, [])


def test_who_is_in_the_middle_of_two_is_asked(phones, jane, bob):
    phones.owner(f"#{jane.pk} On my way")
    phones.owner(f"#{bob.pk} Yes we do")
    text = phones.owner("See you at five")

    assert text.state == State.WAITING


def test_one_that_is_over_is_not_meant_beside_an_open_one(phones, jane, bob):
    phones.owner(f"#{jane.pk} DONE")
    phones.owner("Yes we do")

    assert (phones.texts_to(JANE), phones.texts_to(BOB)) == ([], ["Yes we do"])


def test_one_that_ended_more_than_a_day_ago_is_not_written_to(phones, jane):
    phones.owner("DONE")
    Conversation.objects.update(completed_at="2026-01-01T00:00Z")
    phones.owner("Hello?")
    assert "whom is this for?" in phones.last_to()
    phones.owner(f"#{jane.pk} Hello?")
    assert f"there is no {jane}" in phones.last_to()

    assert phones.texts_to(JANE) == []


def test_nobody_to_write_to_is_said(phones):
    text = phones.owner("Hello?")

    assert phones.last_to().startswith("Acme Plumbing: whom is this for? LIST shows")
    assert text.state == State.WAITING


def test_each_phone_has_its_own_alerts_and_questions(phones, jane, bob):
    phones.owner("On my way")
    phones.owner(f"{jane.pk}", phone=PARTNER)  # who was asked nothing

    assert phones.texts_to(JANE) == []
    assert "whom is this for?" in phones.last_to(PARTNER)


def test_the_business_cannot_write_to_anothers_customers(phones, rival, twilio):
    twilio.text("my roof leaks", From=CLEO, To="+15005550900")
    phones.do_due_work()
    theirs = Conversation.objects.get()
    phones.owner(f"#{theirs.pk} Hello")

    assert phones.texts_to(CLEO) == []
    assert f"there is no {theirs}" in phones.last_to()


def test_an_alert_from_another_number_is_not_what_is_answered(phones, jane, business, twilio_api):
    """On the phone these are two chats: who writes in one does not answer the other."""
    twilio_api.add_number("+15005550101")
    PhoneNumberFactory(tenant=business, number="+15005550101", is_primary=False)
    phones.owner("On my way", To="+15005550101")

    assert phones.texts_to(JANE) == []
    assert "whom is this for?" in phones.last_to()


def test_an_alert_that_has_not_left_is_not_what_is_answered(phones, jane, twilio_api):
    busy = {"kind": "error", "status": 429, "code": 20429, "to": OWNER_PHONE, "times": 50}
    twilio_api.set_faults(busy, callbacks="off")
    phones.customer("do you fix heaters?", phone=BOB)
    phones.owner("On my way")

    assert (phones.texts_to(JANE), phones.texts_to(BOB)) == (["On my way"], [])


def test_a_number_alone_with_no_question_shows_whose_it_is(phones, jane, bob):
    phones.owner(f"#{jane.pk}")
    assert phones.last_to() == f"{jane} (415) 555-0123: my sink leaks"

    phones.owner("12")  # words: no question was asked
    assert OwnerText.objects.last().message.body == "12"


def test_the_question_in_spanish(phones, jane, bob, business):
    business.language = "es"
    business.save()
    phones.owner("Ya voy")

    assert "¿Para quién?" in phones.last_to()
    assert '"do you fix heaters?" o #' in phones.last_to()
