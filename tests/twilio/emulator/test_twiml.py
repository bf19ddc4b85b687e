"""The interpreter: what is played, what is refused, and what happens when the product's answer cannot be used."""

import pytest
from werkzeug.wrappers import Response

from nevermisscall.twilio.emulator.twiml import TwimlError, parse, read
from nevermisscall.twilio.emulator.webhooks import Answer
from tests.twilio.emulator.conftest import BUSINESS, CUSTOMER

SORRY = "We are sorry, an application error has occurred. Goodbye."


def call(phone, **caller):
    return phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, caller=caller))


def said(phone, **caller):
    return call(phone, **caller)["heard"]["caller"]


def events(result, kind):
    return [event["detail"] for event in result["timeline"] if event["kind"] == kind]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(200, "", "text/xml", b"<Response><Say>Hi</Response>"), 12100),
        (Answer(200, "", "text/xml", b"<Response>\x0b</Response>"), 12100),
        (Answer(200, "", "text/xml", b"<html/>"), 12100),
        (Answer(200, "", "text/xml", b"<!DOCTYPE a><Response/>"), 12100),
        (Answer(200, "", "text/xml", b" "), 11770),
        (Answer(200, "", "", b"<Response/>"), 12300),
        (Answer(200, "", "application/json", b"{}"), 12300),
        (Answer(500, "", "text/xml", b"<Response/>", error=11200), 11200),
    ],
)
def test_answers_that_cannot_be_used(answer, code):
    with pytest.raises(TwimlError) as refused:
        read(answer)
    assert refused.value.code == code


def test_plain_text_is_read_aloud_and_audio_is_played():
    assert read(Answer(200, "", "text/plain", b"Hello")).verbs[0].name == "Say"
    assert [verb.name for verb in read(Answer(200, "http://a/b.mp3", "audio/mpeg", b"ID3")).verbs] == ["Play", "Hangup"]


@pytest.mark.parametrize(
    ("twiml", "warning"),
    [
        ('<Dial Timeout="5">1</Dial>', "12200 attribute Timeout is not allowed in <Dial>"),
        (
            '<Dial><Number statuscallback="x">1</Number></Dial>',
            "12200 attribute statuscallback is not allowed in <Number>",
        ),
        ("<say>Hi</say>", "12200 <say> is not allowed in <Response>"),
        ("<Gather><Dial>1</Dial></Gather>", "12200 <Dial> is not allowed in <Gather>"),
    ],
)
def test_what_is_misspelt_is_a_warning(twiml, warning):
    assert parse(f"<Response>{twiml}</Response>").warnings == [warning]


def test_emphasis_inside_say_is_part_of_the_sentence(phone, product):
    product.on("/voice", "<Response><Say>Hi <emphasis>there</emphasis>, bye</Say></Response>")

    assert said(phone) == ["Hi there, bye"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Response("boom", 500), "11200"),
        (Response("<Response>", content_type="text/xml"), "12100"),
        (Response("x" * 70_000, content_type="text/xml"), "11750"),
    ],
)
def test_a_failing_answer_goes_to_the_fallback_url(phone, product, bad, code):
    phone.add_number(BUSINESS, voice_url=f"{product.url}/voice#rc=0", voice_fallback_url=f"{product.url}/fallback")
    product.on("/voice", bad)
    product.on("/fallback", "<Response><Say>Fallback.</Say></Response>")

    assert said(phone) == ["Fallback."]
    [fallback] = product.at("/fallback")
    assert (fallback["ErrorCode"], fallback["ErrorUrl"]) == (code, f"{product.url}/voice")


def test_without_a_fallback_the_caller_hears_an_apology(phone, product):
    product.on("/voice", Response("boom", 500))
    result = call(phone)

    assert result["heard"]["caller"] == [SORRY]
    assert result["status"] == product.at("/number")[0]["CallStatus"] == "completed"


def test_a_fallback_that_fails_too_ends_the_call(phone, product):
    phone.add_number(BUSINESS, voice_url=f"{product.url}/voice", voice_fallback_url=f"{product.url}/voice")
    product.on("/voice", Response("boom", 500))

    assert said(phone) == [SORRY]


def test_a_number_without_an_answer_on_the_other_end(phone):
    phone.add_number(BUSINESS, voice_url="http://127.0.0.1:9/voice")

    assert [error["code"] for error in events(call(phone), "error")] == [11205]


def test_gather_collects_keys(phone, product):
    product.on("/voice", '<Response><Gather numDigits="2" action="/keys"><Say>Two keys.</Say></Gather></Response>')
    product.on("/keys", "<Response><Say>Thanks.</Say></Response>")

    assert said(phone, presses="123") == ["Two keys.", "Thanks."]
    assert product.at("/keys")[0]["Digits"] == "12"


def test_gather_ends_at_the_finishing_key(phone, product):
    product.on("/voice", '<Response><Gather action="/keys"/></Response>')
    product.on("/keys", "<Response/>")
    call(phone, presses="45#6")

    assert product.at("/keys")[0]["Digits"] == "45"


def test_gather_without_input_falls_through(phone, product):
    product.on("/voice", '<Response><Gather action="/keys"/><Say>Nothing?</Say></Response>')

    assert said(phone) == ["Nothing?"]
    assert product.at("/keys") == []


def test_gather_can_report_silence(phone, product):
    product.on("/voice", '<Response><Gather action="/keys" actionOnEmptyResult="true"/></Response>')
    product.on("/keys", "<Response/>")
    call(phone)

    assert product.at("/keys")[0]["Digits"] == ""


def test_gather_listens(phone, product):
    product.on("/voice", '<Response><Gather input="speech dtmf" action="/words"/></Response>')
    product.on("/words", "<Response/>")
    call(phone, says=["My sink leaks"])

    assert product.at("/words")[0]["SpeechResult"] == "My sink leaks"
    assert product.at("/words")[0]["Confidence"] == "0.95"


def test_record_leaves_a_recording_and_ends_the_call(phone, product):
    product.on(
        "/voice",
        '<Response><Record action="/voicemail" maxLength="60" recordingStatusCallback="/recorded"/>'
        "<Say>?</Say></Response>",
    )
    result = call(phone, message_seconds=9)

    [action], [recorded] = product.at("/voicemail"), product.at("/recorded")
    assert (action["RecordingDuration"], action["Digits"], action["CallStatus"]) == ("9", "hangup", "completed")
    assert (recorded["RecordingSid"], recorded["RecordingStatus"]) == (action["RecordingSid"], "completed")
    assert result["recordings"] == [action["RecordingSid"]]
    assert result["heard"]["caller"] == []


def test_a_message_can_be_cut_short_by_hanging_up(phone, product):
    product.on("/voice", '<Response><Record action="/voicemail"/></Response>')
    call(phone, message_seconds=30, hangs_up_after=10)

    assert product.at("/voicemail")[0]["RecordingDuration"] == "10"


def test_gather_waits_for_more_keys_until_its_timeout(phone, product):
    product.on("/voice", '<Response><Gather numDigits="4" action="/keys"/></Response>')
    product.on("/keys", "<Response/>")
    result = call(phone, presses="12")

    assert product.at("/keys")[0]["Digits"] == "12"
    assert result["duration"] == 7  # two to react, five to wait


def test_reject_after_another_verb_only_hangs_up(phone, product):
    product.on("/voice", "<Response><Say>Wait.</Say><Reject/></Response>")
    result = call(phone)

    assert result["status"] == "completed"
    assert "must come first" in events(result, "warning")[0]["message"]


def test_silence_is_not_recorded(phone, product):
    product.on("/voice", '<Response><Record action="/voicemail"/><Say>Nothing heard.</Say></Response>')

    assert said(phone, message_seconds=0) == ["Nothing heard."]


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_reject_does_not_answer(phone, product, reason, status):
    product.on("/voice", f'<Response><Reject reason="{reason}"/></Response>')
    result = call(phone)

    assert result["status"] == product.at("/number")[0]["CallStatus"] == status
    assert not result["answered"]


def test_redirect_leaves_the_rest_behind(phone, product):
    product.on("/voice", "<Response><Redirect>/next?a=1&amp;b=2</Redirect><Say>Never.</Say></Response>")
    product.on("/next", '<Response><Pause length="2"/><Say>Here.</Say></Response>')

    assert said(phone) == ["Here."]
    assert product.at("/next")[0]["b"] == "2"


def test_a_document_that_redirects_to_itself_ends(phone, product):
    product.on("/voice", "<Response><Redirect/></Response>")
    result = call(phone)

    assert result["status"] == "completed"
    assert len(product.at("/voice")) == 1 + 100


def test_get_puts_the_fields_into_the_address(phone, product):
    product.on("/voice", '<Response><Gather method="GET" action="/keys?x=1"/></Response>')
    product.on("/keys", "<Response/>")
    call(phone, presses="7#")

    [request] = product.at("/keys")
    assert (request.method, request["x"], request["Digits"], request["From"]) == ("GET", "1", "7", CUSTOMER)


def test_an_empty_response_picks_up_and_hangs_up(phone, product):
    product.on("/voice", "<Response/>")
    result = call(phone)

    assert (result["status"], result["answered"]) == ("completed", True)


def test_verbs_not_played_here_are_noted(phone, product):
    product.on("/voice", "<Response><Connect/><Play>http://a/b.mp3</Play><Say>Next.</Say></Response>")
    result = call(phone)

    assert events(result, "not_simulated")[0]["verb"] == "Connect"
    assert events(result, "play")[0]["url"] == "http://a/b.mp3"
    assert result["heard"]["caller"] == ["Next."]


def test_a_whisper_cannot_dial(phone, screening):
    screening.on("/whisper", "<Response><Dial>+15555550111</Dial></Response>")
    result = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner="answers"))

    assert "12200 <Dial> is not allowed on this leg" in [each["message"] for each in events(result, "warning")]


def test_a_number_that_is_not_one_is_a_warning(phone, product):
    product.on("/voice", '<Response><Pause length="long"/></Response>')

    assert "length='long'" in events(call(phone), "warning")[0]["message"]
