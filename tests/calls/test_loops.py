"""The owner's phone passes an unanswered call back to us: it must never be rung for that again."""

import pytest

from calls.models import Call
from tests.calls.conftest import attributes, result_of, topics, verbs
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE
from tests.fixtures.webhooks import TwilioPhone

pytestmark = pytest.mark.django_db

SPELLINGS = [OWNER_PHONE, "15005550200", "5005550200", "(500) 555-0200", "+1 500-555-0200"]


@pytest.fixture
def again(client):
    """The second call, which the owner's phone makes of the first."""
    return TwilioPhone(client)


@pytest.mark.parametrize("forwarded_from", SPELLINGS)
def test_a_call_that_comes_back_while_it_rings_is_busy(acme, twilio, again, forwarded_from):
    twilio.incoming_call()
    answer = again.incoming_call(ForwardedFrom=forwarded_from)

    assert verbs(answer) == ["Reject"]
    assert attributes(answer, "Reject") == {"reason": "busy"}
    assert result_of(again.call_sid) == ("refused", "")
    assert "call.missed" not in topics(again.call_sid)


def test_the_first_call_is_missed_as_usual(acme, twilio, again):
    twilio.incoming_call()
    again.incoming_call(ForwardedFrom=OWNER_PHONE)
    again.call_ends(CallStatus="busy")
    twilio.dial_action(DialCallStatus="busy")

    assert result_of(twilio.call_sid) == ("missed", "busy")


@pytest.mark.parametrize("caller", [ACME_NUMBER, OWNER_PHONE])
def test_a_withheld_caller_comes_back_under_our_number_or_the_phones_own(acme, twilio, again, caller):
    twilio.incoming_call(From="+266696687")

    assert verbs(again.incoming_call(From=caller, ForwardedFrom=OWNER_PHONE)) == ["Reject"]


def test_a_carrier_may_not_say_who_forwarded(acme, twilio, again):
    twilio.incoming_call(From="anonymous")

    assert verbs(again.incoming_call(From=ACME_NUMBER)) == ["Reject"]


@pytest.mark.parametrize("forwarded_from", SPELLINGS)
def test_a_call_that_only_reached_the_owners_phone_is_a_missed_one(acme, twilio, forwarded_from):
    answer = twilio.incoming_call(ForwardedFrom=forwarded_from)

    assert verbs(answer) == ["Say", "Hangup"]
    assert result_of(twilio.call_sid) == ("missed", "no_answer")
    assert topics(twilio.call_sid) == ["call.incoming", "call.missed"]


@pytest.mark.parametrize("forwarded_from", ["", OWNER_PHONE])
def test_our_own_number_as_the_caller_is_a_call_of_ours_that_came_back(acme, twilio, forwarded_from):
    assert verbs(twilio.incoming_call(From=ACME_NUMBER, ForwardedFrom=forwarded_from)) == ["Reject"]
    assert result_of(twilio.call_sid) == ("refused", "")


def test_the_owner_who_reaches_us_by_a_colleagues_phone_is_not_texted(acme, twilio):
    twilio.incoming_call(From=OWNER_PHONE, ForwardedFrom=OWNER_PHONE)

    assert result_of(twilio.call_sid) == ("refused", "")


@pytest.mark.parametrize("forwarded_from", ["+14155559999", ACME_NUMBER, "anonymous", "", "sip:x@y", "0200"])
def test_a_call_forwarded_by_anybody_else_rings_the_owner(acme, twilio, forwarded_from):
    assert verbs(twilio.incoming_call(ForwardedFrom=forwarded_from)) == ["Dial", "Number"]


def test_another_customers_call_is_no_loop(acme, twilio, again):
    twilio.incoming_call(From="+14155550777")
    again.incoming_call(ForwardedFrom=OWNER_PHONE)

    assert result_of(again.call_sid) == ("missed", "no_answer")


def test_a_call_of_a_while_ago_is_no_loop(acme, twilio, again, time_machine):
    time_machine.move_to("2026-03-02T15:00:00Z", tick=False)
    twilio.incoming_call()
    time_machine.move_to("2026-03-02T15:06:00Z", tick=False)
    again.incoming_call(ForwardedFrom=OWNER_PHONE)

    assert result_of(again.call_sid) == ("missed", "no_answer")


def test_a_call_that_is_over_is_no_loop(acme, twilio, again):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    again.incoming_call(ForwardedFrom=OWNER_PHONE)

    assert result_of(again.call_sid) == ("missed", "no_answer")
    assert Call.objects.count() == 2


def test_the_repeat_of_a_call_is_not_a_loop_of_itself(acme, twilio):
    first = twilio.incoming_call(ForwardedFrom=OWNER_PHONE)
    again = twilio.incoming_call(ForwardedFrom=OWNER_PHONE, SequenceNumber="1")

    assert again.text == first.text
