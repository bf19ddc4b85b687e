"""What an owner can have done from their phone."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from conversations import ownership
from conversations.booking import services as booking
from conversations.booking.models import Appointment
from conversations.emergencies.models import Escalation
from conversations.models import Conversation, Transition
from conversations.owner.models import OwnerText
from nevermisscall.outbox.models import Delivery, Fact
from tenants.models import BusinessHours, Tenant
from tests.conversations.owner.conftest import BOB, JANE
from tests.fixtures.people import OWNER_PHONE

Status = Conversation.Status


@pytest.fixture
def jane(phones):
    return phones.customer("my sink leaks", phone=JANE)


@pytest.fixture
def emergency(phones):
    return phones.customer("I smell gas in my kitchen", phone=JANE)


@pytest.fixture
def visit(jane, phones, business):
    """Jane wants a visit in two days, and the owner was asked."""
    for weekday in range(7):
        BusinessHours.objects.create(tenant=business, weekday=weekday, opens_at=time(0), closes_at=time(0))
    start = (timezone.now() + timedelta(days=2)).replace(hour=15, minute=0)
    appointment = booking.request(conversation=jane, start=start, key="1", problem="leak", address="1 Main St")
    phones.do_due_work()
    return appointment


def reload(row):
    row.refresh_from_db()
    return row


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


# -- visits ------------------------------------------------------------------------------------------------------------


def test_the_owner_is_asked_about_a_visit(phones, visit, jane):
    assert phones.last_to().startswith(f"{jane} (415) 555-0123 asks for a visit on ")
    assert phones.last_to().endswith(": leak, 1 Main St. Reply YES to confirm or NO to decline.")


def test_an_owner_who_asked_for_quiet_is_asked_afterwards(phones, business, request):
    phones.owner("QUIET 2H")
    visit = request.getfixturevalue("visit")
    assert "asks for a visit" not in phones.last_to()
    asking = Delivery.objects.get(subscriber="owner.ask_about_visit")
    assert timedelta(minutes=119) < asking.next_attempt_at - visit.created_at < timedelta(minutes=121)

    Tenant.objects.update(alerts_quiet_until=timezone.now())
    Delivery.objects.filter(pk=asking.pk).update(next_attempt_at=timezone.now())
    phones.do_due_work()
    assert "asks for a visit" in phones.last_to()


@pytest.mark.parametrize("word", ["YES", "Sí"])
def test_yes_confirms_it(phones, visit, jane, word):
    phones.owner(word)

    assert (reload(visit).status, visit.decided_how) == ("confirmed", "phone")
    assert "is confirmed. We told them." in phones.last_to()
    assert "is confirmed" in phones.texts_to(JANE)[-1]
    assert reload(jane).relay_to == ""


def test_no_declines_it_with_a_reason_for_us(phones, visit):
    phones.owner("NO too far away")

    assert (reload(visit).status, visit.reason) == ("declined", "too far away")
    assert "is declined. We asked for another time." in phones.last_to()
    assert "too far" not in phones.texts_to(JANE)[-1]


@pytest.mark.parametrize("words", ["No problem", "Yes see you then", "No, we bring our own"])
def test_words_that_begin_so_are_for_the_customer(phones, visit, words):
    phones.owner(words)

    assert phones.texts_to(JANE) == [words]
    assert reload(visit).status == "requested"


@pytest.mark.parametrize("word", ["Yes", "No", "ok"])
def test_without_a_question_of_ours_they_are_for_the_customer_too(phones, jane, word):
    phones.owner(word)

    assert phones.texts_to(JANE) == [word]


def test_a_visit_is_decided_once(phones, visit, jane):
    phones.owner("YES")
    phones.owner(f"{jane} NO")

    assert reload(visit).status == "confirmed"
    assert phones.texts_to(JANE)[-1] == "NO"  # an answer to the customer now: nothing waits for it


def test_a_yes_that_two_may_mean_is_asked_about(phones, visit, jane):
    phones.customer("do you fix heaters?", phone=BOB)
    phones.owner("YES")
    assert reload(visit).status == "requested"
    phones.owner(f"{jane}")

    assert reload(visit).status == "confirmed"
    assert phones.texts_to(BOB) == []


def test_a_late_yes_counts_while_the_time_is_free(phones, visit):
    Appointment.objects.update(status="expired", hold_expires_at=None)
    phones.owner("YES")

    assert reload(visit).status == "confirmed"


def test_a_late_yes_for_a_time_that_went_says_so(phones, visit, jane):
    Appointment.objects.update(status="expired", hold_expires_at=None)
    booking.request(conversation=jane, start=visit.starts_at, key="2")
    Appointment.objects.filter(idempotency_key="2").update(status="confirmed", hold_expires_at=None)
    phones.owner(f"{jane} YES")

    assert reload(visit).status == "expired"
    assert phones.last_to().endswith("another visit has that time.")


# -- emergencies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["OK", "ok.", "👍", "Enterado"])
def test_ok_says_that_an_emergency_was_seen(phones, emergency, word):
    phones.owner(word)

    fact = Fact.objects.get(topic="owner.acknowledged")
    assert (fact.data["conversation_id"], fact.data["phone"]) == (emergency.pk, OWNER_PHONE)
    assert phones.last_to().startswith(f"{emergency} (415) 555-0123: noted")
    assert word not in phones.texts_to(JANE)
    assert reload(emergency).ownership != "user"


def test_ok_to_the_newest_alert_needs_no_number_in_an_emergency(phones):
    phones.customer("hello", phone=BOB)
    jane = phones.customer("I smell gas in my kitchen", phone=JANE)
    phones.owner("OK")

    assert Fact.objects.get(topic="owner.acknowledged").data["conversation_id"] == jane.pk


def test_ok_stops_the_calls_and_a_second_one_is_for_the_customer(phones, emergency):
    phones.owner("OK")
    assert Escalation.objects.get().acknowledged_how == "text"
    phones.owner(f"{emergency} ok")

    assert phones.last_to(JANE) == "ok"


def test_words_to_the_customer_stop_the_calls_too(phones, emergency):
    phones.owner("Leave the house, I'm coming")

    assert Escalation.objects.get().acknowledged_how == "takeover"


def test_ok_of_somebody_who_has_the_emergency_is_for_the_customer(phones, emergency):
    ownership.take_over(conversation_id=emergency.pk, user=None, relay_to=OWNER_PHONE)
    phones.owner("OK")

    assert phones.last_to(JANE) == "OK"


def test_the_record_says_what_was_done(phones, jane):
    phones.owner("TAKE")
    phones.owner("On my way")

    made = [(text.command, text.state, text.conversation) for text in OwnerText.objects.order_by("pk")]
    assert made == [("take", "done", jane), ("", "done", jane)]
