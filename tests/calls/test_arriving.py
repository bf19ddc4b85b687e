"""A call arrives: who is rung, how, and who is not."""

import pytest

from calls.models import Call
from nevermisscall.outbox.models import Fact
from tenants.models import OwnerNumber, PhoneNumber
from tests.calls.conftest import attributes, numbers, result_of, topics, verbs
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE, RIVAL_NUMBER

pytestmark = pytest.mark.django_db
HERE = "https://nmc.example.com"


def test_the_owner_is_rung_as_the_design_says(acme, twilio):
    answer = twilio.incoming_call()

    assert verbs(answer) == ["Dial", "Number"]
    assert attributes(answer, "Dial") == {
        "timeout": "20",
        "action": f"{HERE}/webhooks/twilio/call/status/{twilio.call_sid}",
        "method": "POST",
        "answerOnBridge": "true",
    }
    assert attributes(answer, "Number") == {
        "url": f"{HERE}/webhooks/twilio/call/screen/{twilio.call_sid}",
        "method": "POST",
        "statusCallback": f"{HERE}/api/webhooks/status",
        "statusCallbackMethod": "POST",
        "statusCallbackEvent": "initiated ringing answered completed",
    }


def test_a_ringing_call_is_undecided_and_will_be_settled(acme, twilio):
    twilio.incoming_call()

    call = Call.objects.get()
    assert (call.status, call.outcome, call.tenant, call.phone_number.number) == ("ringing", "", acme, ACME_NUMBER)
    assert 100 < (call.settle_at - call.started_at).total_seconds() < 120
    assert topics(twilio.call_sid) == ["call.incoming"]


def test_the_business_says_how_long_it_rings(set_up, twilio):
    set_up(ring_timeout_seconds=45)

    assert attributes(twilio.incoming_call(), "Dial")["timeout"] == "45"


# -- several owners ---------------------------------------------------------------------------------------------------


@pytest.fixture
def three_owners(acme):
    for position, number in enumerate(["+15005550203", "+15005550201", "+15005550202"], start=1):
        OwnerNumber.objects.create(tenant=acme, number=number, position=position)


def test_several_owners_are_rung_together(three_owners, twilio):
    answer = twilio.incoming_call()

    assert numbers(answer) == [OWNER_PHONE, "+15005550203", "+15005550201", "+15005550202"]
    assert "sequential" not in attributes(answer, "Dial")


def test_or_one_after_another_in_their_order(three_owners, set_up, twilio):
    set_up(ring_strategy="in_order")
    answer = twilio.incoming_call()

    assert numbers(answer) == [OWNER_PHONE, "+15005550203", "+15005550201", "+15005550202"]
    assert attributes(answer, "Dial")["sequential"] == "true"


def test_a_single_owner_needs_no_order(set_up, twilio):
    set_up(ring_strategy="in_order")

    assert "sequential" not in attributes(twilio.incoming_call(), "Dial")


def test_an_inactive_owner_is_not_rung(three_owners, twilio):
    for owner in OwnerNumber.objects.exclude(number="+15005550201"):
        owner.is_active = False
        owner.save()

    assert numbers(twilio.incoming_call()) == ["+15005550201"]


def test_the_first_owner_to_press_1_gets_the_call(three_owners, twilio):
    first, second = "CA" + "a" * 32, "CA" + "b" * 32
    twilio.incoming_call()
    answers = [twilio.press("1", CallSid=sid) for sid in (first, second)]
    twilio.dial_action(DialCallStatus="completed", DialBridged="true", DialCallSid=first)

    assert [verbs(answer) for answer in answers] == [[], ["Say", "Hangup"]]
    assert "somebody else took the call" in answers[1].text
    assert Call.objects.get().dial_call_sid == first
    assert result_of(twilio.call_sid) == ("answered", "")


def test_an_owner_who_presses_1_twice_stays_connected(three_owners, twilio):
    twilio.incoming_call()

    assert [verbs(twilio.press("1", SequenceNumber=str(n))) for n in range(2)] == [[], []]


def test_an_owner_who_declines_leaves_the_call_to_the_others(three_owners, twilio):
    twilio.incoming_call()
    twilio.press("2", CallSid="CA" + "a" * 32)

    assert verbs(twilio.press("1", CallSid="CA" + "b" * 32)) == []


# -- nobody to ring ---------------------------------------------------------------------------------------------------


def test_without_an_owner_number_the_call_is_missed_at_once(acme, twilio):
    OwnerNumber.objects.get().delete()
    answer = twilio.incoming_call()

    assert verbs(answer) == ["Say", "Hangup"]
    assert result_of(twilio.call_sid) == ("missed", "no_forwarding")
    assert topics(twilio.call_sid) == ["call.incoming", "call.missed"]


def test_an_owner_number_that_is_the_business_number_itself_is_never_rung(acme, twilio):
    OwnerNumber.objects.update(number=ACME_NUMBER)
    twilio.incoming_call()

    assert result_of(twilio.call_sid) == ("missed", "no_forwarding")


@pytest.mark.parametrize("status", ["suspended", "closed"])
@pytest.mark.parametrize(("language", "said"), [("en", "cannot be reached"), ("es", "no puede contestar")])
def test_a_business_that_is_not_active_is_not_rung(set_up, twilio, status, language, said):
    set_up(status=status, language=language)
    answer = twilio.incoming_call()

    assert verbs(answer) == ["Say", "Hangup"]
    assert said in answer.text
    assert result_of(twilio.call_sid) == ("refused", "")
    assert Call.objects.get().settle_at is None
    assert "call.missed" not in topics(twilio.call_sid)


@pytest.mark.parametrize("to", ["+15005550777", "", "client:bob", "sip:x@y", "x" * 1000, " " + ACME_NUMBER])
def test_a_number_that_is_not_ours_is_not_answered(acme, twilio, to):
    answer = twilio.incoming_call(To=to)

    assert verbs(answer) == ["Reject"]
    assert result_of(twilio.call_sid) == ("refused", "")
    assert Call.objects.get().tenant is None
    assert Call.objects.get().to_number == to[:255]


def test_nothing_is_published_about_a_call_that_is_nobodys(acme, twilio):
    twilio.incoming_call(To="+15005550777")
    twilio.dial_action(To="+15005550777", DialCallStatus="failed")
    twilio.call_ends(To="+15005550777", CallStatus="busy")

    assert not Fact.objects.exists()
    assert Call.objects.get().status == "busy"


@pytest.mark.parametrize(
    ("state", "expected"), [("active", "Dial"), ("provisioning", "Dial"), ("porting", "Dial"), ("released", "Reject")]
)
def test_the_state_of_a_number_decides_whether_it_is_answered(acme, twilio, state, expected):
    number = PhoneNumber.objects.get()
    number.state = state
    number.save()

    assert verbs(twilio.incoming_call())[0] == expected


def test_a_released_number_that_somebody_else_has_now_is_theirs(acme, rival, twilio):
    PhoneNumber.objects.filter(number=ACME_NUMBER).update(state="released")
    PhoneNumber.objects.create(tenant=rival, number=ACME_NUMBER, is_primary=False)
    twilio.incoming_call()

    assert Call.objects.get().tenant == rival


def test_each_business_gets_its_own_calls(acme, rival, twilio):
    answer = twilio.incoming_call(To=RIVAL_NUMBER)

    assert numbers(answer) == ["+15005550901"]
    assert Call.objects.get().tenant == rival


# -- people who call themselves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("is_active", [True, False])
def test_an_owner_who_calls_the_business_is_told_so(set_up, twilio, language, is_active):
    set_up(language=language)
    OwnerNumber.objects.update(is_active=is_active)
    answer = twilio.incoming_call(From=OWNER_PHONE)

    assert verbs(answer) == ["Say", "Hangup"]
    assert ("your own business line" if language == "en" else "su propia línea") in answer.text
    assert result_of(twilio.call_sid) == ("refused", "")
    assert "call.missed" not in topics(twilio.call_sid)
