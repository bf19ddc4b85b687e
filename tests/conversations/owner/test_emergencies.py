"""An owner's OK says that an emergency was seen, and ends the calls."""

import pytest

from conversations import ownership
from conversations.emergencies.models import Escalation
from nevermisscall.outbox.models import Fact
from tests.conversations.owner.conftest import BOB, JANE, reload
from tests.fixtures.people import OWNER_PHONE


@pytest.fixture
def emergency(phones):
    return phones.customer("I smell gas in my kitchen", phone=JANE)


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
