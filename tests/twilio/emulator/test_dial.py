"""`<Dial>` beyond one phone and one whisper."""

from nevermisscall.twilio.emulator.control import answers, answers_no_press, busy, no_answer, voicemail
from tests.twilio.emulator.conftest import BUSINESS, CUSTOMER, OWNER, SECOND_OWNER, WHISPER, until


def dials(product, attributes="", numbers=f"<Number>{OWNER}</Number>", after="<Response/>"):
    product.on("/voice", f'<Response><Dial action="/dial" {attributes}>{numbers}</Dial></Response>')
    product.on("/whisper", WHISPER)
    product.on("/accept", "<Response/>")
    product.on("/dial", after)


def call(phone, owner=None, **others):
    return phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=owner, **others))


BOTH = f"<Number>{OWNER}</Number><Number>{SECOND_OWNER}</Number>"


def test_the_first_of_several_phones_to_answer_gets_the_call(phone, product):
    dials(product, numbers=BOTH)
    result = call(phone, {OWNER: answers(after=9), SECOND_OWNER: answers(after=4, talk=10)})

    assert {leg["to"]: (leg["status"], leg["bridged"]) for leg in result["legs"]} == {
        OWNER: ("canceled", False),
        SECOND_OWNER: ("completed", True),
    }
    assert product.at("/dial")[0]["DialBridged"] == "true"


def test_other_phones_keep_ringing_while_one_has_not_accepted(phone, product):
    dials(product, numbers="".join(f'<Number url="/whisper">{number}</Number>' for number in (OWNER, SECOND_OWNER)))
    result = call(phone, {OWNER: voicemail(after=2), SECOND_OWNER: answers(after=15, talk=10)})

    assert [leg["bridged"] for leg in result["legs"]] == [False, True]
    assert product.at("/dial")[0]["DialCallSid"] == result["legs"][1]["sid"]


def test_sequential_phones_ring_one_after_another(phone, product):
    dials(product, 'sequential="true" timeout="10"', BOTH)
    result = call(phone, {OWNER: no_answer(), SECOND_OWNER: answers(talk=5)})

    started = [event["virtual_at"] for event in result["timeline"] if event["kind"] == "leg"]
    assert 10 <= started[1] - started[0] < 12
    assert product.at("/dial")[0]["DialCallSid"] == result["legs"][1]["sid"]


def test_nobody_of_several_answers(phone, product):
    dials(product, 'timeout="15"', BOTH)
    call(phone, {OWNER: busy(), SECOND_OWNER: no_answer()})

    assert product.at("/dial")[0]["DialCallStatus"] == "no-answer"  # of the leg that ended last


def test_without_an_action_the_next_verb_follows(phone, product):
    product.on("/voice", f"<Response><Dial>{OWNER}</Dial><Say>Too bad.</Say></Response>")

    assert call(phone, busy())["heard"]["caller"] == ["Too bad."]


def test_a_caller_id_that_is_not_ours_fails_the_dial(phone, product):
    dials(product, 'callerId="+12025550999"')
    result = call(phone, answers())

    assert product.at("/dial")[0]["DialCallStatus"] == "failed"
    assert [event["detail"]["code"] for event in result["timeline"] if event["kind"] == "error"] == [13214]


def test_a_withheld_caller_needs_a_caller_id(phone, product):
    dials(product)
    bare = phone.wait_for_call(phone.place_call(from_="anonymous", to=BUSINESS, owner=answers()))
    dials(product, f'callerId="{BUSINESS}"')
    shown = phone.wait_for_call(phone.place_call(from_="anonymous", to=BUSINESS, owner=answers()))

    assert [call["legs"][0]["status"] for call in (bare, shown)] == ["failed", "completed"]


def test_a_word_is_not_a_number_to_dial(phone, product):
    dials(product, numbers="<Number>the owner</Number>")
    result = call(phone, answers())

    assert product.at("/dial")[0]["DialCallStatus"] == "failed"
    assert [event["detail"]["code"] for event in result["timeline"] if event["kind"] == "error"] == [13224]


def test_our_own_number_may_be_shown(phone, product):
    dials(product, f'callerId="{BUSINESS}"')

    assert call(phone, busy())["legs"][0]["from"] == BUSINESS


def test_a_time_limit_ends_the_conversation(phone, product):
    dials(product, 'timeLimit="60"')
    call(phone, answers(talk=600))

    assert product.at("/dial")[0]["DialCallDuration"] == "60"


def test_a_dial_without_numbers_fails(phone, product):
    dials(product, numbers="")
    call(phone)

    assert product.at("/dial")[0]["DialCallStatus"] == "failed"
    assert "DialCallSid" not in product.at("/dial")[0].fields


def test_without_answer_on_bridge_the_caller_is_answered_while_it_rings(phone, product):
    dials(product)
    call(phone, no_answer())

    assert product.at("/dial")[0]["CallStatus"] == "in-progress"


def test_dialling_a_number_of_ours_makes_a_second_call(phone, product):
    other = "+15555550101"
    phone.add_number(other, voice_url=f"{product.url}/other")
    product.on("/other", "<Response><Say>Other line.</Say></Response>")
    dials(product, numbers=f"<Number>{other}</Number>")
    result = call(phone)

    [second] = product.at("/other")
    assert (second["From"], second["To"]) == (CUSTOMER, other)
    assert "ForwardedFrom" not in second.fields
    assert phone.call(result["linked"][0])["heard"]["caller"] == ["Other line."]


def test_machine_detection_reports_its_verdict(phone, product):
    noun = f'<Number machineDetection="Enable" amdStatusCallback="/amd">{OWNER}</Number>'
    dials(product, numbers=noun)
    call(phone, voicemail(after=1))
    call(phone, answers_no_press(after=1))

    assert [verdict["AnsweredBy"] for verdict in product.at("/amd")] == ["machine_start", "human"]


def test_a_recorded_dial_leaves_a_recording(phone, product, api):
    dials(product, 'record="record-from-answer-dual" recordingStatusCallback="/recorded"')
    result = call(phone, answers(talk=12))

    [recorded] = product.at("/recorded")
    assert (recorded["RecordingStatus"], recorded["RecordingDuration"]) == ("completed", "12")
    assert (recorded["RecordingChannels"], recorded["RecordingSource"]) == ("2", "DialVerb")
    assert recorded["CallSid"] == result["sid"]
    assert product.at("/dial")[0]["RecordingUrl"] == recorded["RecordingUrl"]


def test_the_api_can_end_a_ringing_leg(phone, product, api):
    dials(product)
    phone.configure(speed=1)
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=no_answer())
    legs = until(lambda: phone.call(sid)["legs"])
    api.calls(legs[0]["sid"]).update(status="completed")
    phone.wait_for_call(sid)

    assert product.at("/dial")[0]["DialCallStatus"] == "canceled"
