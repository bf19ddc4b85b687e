"""What an owner can have done from their phone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Conversation, Transition
from conversations.owner.models import OwnerText
from nevermisscall.outbox.models import Fact
from tests.conversations.owner.conftest import BOB, JANE, reload
from tests.fixtures.people import OWNER_PHONE

Status = Conversation.Status


# -- taking, handing back, ending --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "word"), [("en", "TAKE"), ("es", "Tomar")])
def test_take_gives_it_to_the_phone_without_words(phones, jane, business, language, word):
    business.language = language
    business.save()
    phones.owner(word)

    assert (reload(jane).status, jane.relay_to) == (Status.USER_HANDLING, OWNER_PHONE)
    assert phones.last_to().startswith(f"{jane} (415) 555-0123 {'is yours' if language == 'en' else 'es suyo'}")
    assert phones.texts_to(JANE) == []


def test_ai_hands_it_back(phones, jane, business):
    business.ai_enabled = True
    business.save()
    phones.owner("TAKE")
    phones.customer("are you coming?")
    phones.owner("AI")

    assert (reload(jane).status, jane.relay_to) == (Status.AI_HANDLING, "")
    assert Fact.objects.filter(topic="conversation.released", data__conversation_id=jane.pk).exists()
    assert phones.last_to() == f"{jane} (415) 555-0123: your assistant answers from here on."


def test_ai_without_a_number_is_about_the_one_that_the_phone_has(phones, jane, business):
    business.ai_enabled = True
    business.save()
    phones.owner(f"{jane} On my way")
    bob = phones.customer("hello", phone=BOB)
    Conversation.objects.filter(pk=bob.pk).update(status="ai_handling", ownership="ai")
    phones.owner("IA")

    assert reload(jane).status == Status.AI_HANDLING


def test_where_no_assistant_answers_handing_back_says_so(phones, jane):
    phones.owner("TAKE")
    phones.owner("AI")

    assert reload(jane).status == Status.ACTIVE
    assert "your assistant does not answer here" in phones.last_to()


def test_done_completes_it_and_says_so(phones, jane):
    phones.owner("Done.")

    assert (reload(jane).status, jane.outcome) == (Status.COMPLETED, "resolved")
    assert jane.transitions.last().actor == Transition.Actor.USER
    assert phones.last_to() == f"{jane} (415) 555-0123: done. Begin with {jane} to write again."
    assert phones.texts_to(JANE) == []


def test_what_is_over_cannot_be_taken_but_written_to(phones, jane):
    phones.owner("DONE")
    phones.owner(f"{jane} TAKE")

    assert f"is over. Begin with {jane} and your words" in phones.last_to()
    assert reload(jane).status == Status.COMPLETED


def test_what_is_over_is_not_handed_back(phones, jane):
    phones.owner("DONE")
    phones.owner(f"{jane} AI")

    assert f"is over. Begin with {jane}" in phones.last_to()
    assert reload(jane).status == Status.COMPLETED


# -- quiet -------------------------------------------------------------------------------------------------------------


def test_quiet_holds_alerts_back_until_it_is_off(phones, business):
    phones.owner("QUIET 2H")
    assert timedelta(minutes=119) < reload(business).alerts_quiet_until - timezone.now() <= timedelta(hours=2)
    assert phones.last_to().startswith("Acme Plumbing: quiet until ")
    phones.customer("hello")
    assert "hello" not in phones.last_to()

    phones.owner("quiet off")
    assert reload(business).alerts_quiet_until is None
    assert phones.last_to() == "Acme Plumbing: alerts are on."
    phones.customer("anybody there?")
    assert phones.last_to().endswith("anybody there?")


def test_quiet_lasts_a_day_at_most(phones, business):
    phones.owner("SILENCIO 99H")

    assert reload(business).alerts_quiet_until - timezone.now() <= timedelta(hours=24)


def test_quiet_without_a_time_asks_for_one(phones, business):
    phones.owner("QUIET")

    assert "QUIET 2H or QUIET 30M" in phones.last_to()
    assert reload(business).alerts_quiet_until is None


def test_who_answers_a_customer_hears_of_them_in_spite_of_quiet(phones, jane):
    phones.owner("On my way")
    phones.owner("QUIET 2H")
    phones.customer("which door?")

    assert phones.last_to() == f"{jane} (415) 555-0123: which door?"


# -- list and help -----------------------------------------------------------------------------------------------------


def test_list_shows_the_open_conversations_and_who_has_them(phones, jane):
    bob = phones.customer("hello", phone=BOB)
    phones.owner(f"{jane} TAKE")
    phones.customer("me again", phone=BOB)
    phones.owner("LIST")

    assert phones.last_to() == (
        f"Acme Plumbing:\n{bob} (415) 555-0124 (nobody yet)\n{jane} (415) 555-0123 (a person)\n"
        "Begin with a number to write to one of them."
    )


def test_a_long_list_is_cut(phones):
    for n in range(10):
        phones.customer(phone=f"+1415555020{n}")
    phones.owner("list")

    assert phones.last_to().count("(415)") == 8
    assert "+2" in phones.last_to()


def test_an_empty_list_says_so(phones):
    phones.owner("LIST")

    assert phones.last_to() == "Acme Plumbing: no open conversations."


@pytest.mark.parametrize("word", ["HELP", "COMMANDS", "?", "Ayuda"])
def test_help_lists_the_commands(phones, jane, word):
    phones.owner(word)

    for command in ("TAKE", "AI", "DONE", "QUIET 2H", "LIST", "#12"):
        assert command in phones.last_to()
    assert phones.texts_to(JANE) == []


def test_the_record_says_what_was_done(phones, jane):
    phones.owner("TAKE")
    phones.owner("On my way")

    made = [(text.command, text.state, text.conversation) for text in OwnerText.objects.order_by("pk")]
    assert made == [("take", "done", jane), ("", "done", jane)]
