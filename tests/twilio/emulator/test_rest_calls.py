"""Calls that the REST API places, changes and lists, and their recordings."""

import io
import wave
from datetime import UTC, datetime, timedelta

import pytest
import requests

from nevermisscall.twilio.emulator.control import answers, no_answer, voicemail
from tests.twilio.emulator.conftest import BUSINESS, CUSTOMER, OWNER, until
from tests.twilio.emulator.rest import ROOT, get, refused


def outgoing(api, product, **others):
    others = {"url": f"{product.url}/hello", "status_callback": f"{product.url}/progress"} | others
    events = ["initiated", "ringing", "answered", "completed"]
    return api.calls.create(to=OWNER, from_=BUSINESS, status_callback_event=events, **others)


def progress(product):
    return [event["CallStatus"] for event in product.at("/progress")]


def test_a_call_is_placed_and_answered(phone, api, product):
    phone.set_owner(OWNER, answers(talk=60))
    product.on(
        "/hello", '<Response><Gather numDigits="1" action="/ack"><Say>Emergency. Press 1.</Say></Gather></Response>'
    )
    product.on("/ack", "<Response><Say>Thank you.</Say></Response>")
    created = outgoing(api, product)
    call = phone.wait_for_call(created.sid)

    assert created.status == "queued"
    assert progress(product) == ["initiated", "ringing", "in-progress", "completed"]
    assert product.at("/ack")[0]["Digits"] == "1"
    assert product.at("/hello")[0]["Direction"] == "outbound-api"
    assert call["heard"]["caller"] == ["Emergency. Press 1.", "Thank you."]
    fetched = created.fetch()
    assert (fetched.status, fetched.direction, fetched.duration) == ("completed", "outbound-api", str(call["duration"]))


@pytest.mark.parametrize(
    ("owner", "statuses"),
    [
        ("no_answer", ["initiated", "ringing", "no-answer"]),
        ("declines", ["initiated", "ringing", "busy"]),
        ("busy", ["initiated", "busy"]),
        ("fails", ["initiated", "failed"]),
    ],
)
def test_a_call_nobody_takes(phone, api, product, owner, statuses):
    phone.set_owner(OWNER, owner)
    phone.wait_for_call(outgoing(api, product).sid)

    assert progress(product) == statuses
    assert product.at("/hello") == []


def test_inline_twiml_has_no_address_to_start_from(phone, api, product):
    phone.set_owner(OWNER, answers())
    inline = "<Response><Say>Hi.</Say><Gather action='/relative'/></Response>"
    call = phone.wait_for_call(outgoing(api, product, url=None, twiml=inline).sid)
    broken = phone.wait_for_call(outgoing(api, product, url=None, twiml="<Response>").sid)

    codes = [
        event["detail"]["code"] for each in (call, broken) for event in each["timeline"] if event["kind"] == "error"
    ]
    assert codes == [11100, 12100]
    assert call["heard"]["caller"][0] == "Hi."


def test_machine_detection_before_and_beside_the_call(phone, api, product):
    phone.set_owner(OWNER, voicemail(after=1, talk=30))
    product.on("/hello", '<Response><Pause length="10"/></Response>')
    phone.wait_for_call(outgoing(api, product, machine_detection="Enable").sid)
    asynchronous = {"machine_detection": "DetectMessageEnd", "async_amd": "true"}
    phone.wait_for_call(outgoing(api, product, **asynchronous, async_amd_status_callback=f"{product.url}/amd").sid)

    first, second = product.at("/hello")
    assert first["AnsweredBy"] == "machine_start"
    assert "AnsweredBy" not in second.fields
    assert (product.at("/amd")[0]["AnsweredBy"], product.at("/amd")[0]["MachineDetectionDuration"]) == (
        "machine_end_beep",
        "8000",
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": "+15005550001"}, 21217),
        ({"to": "+15005550002"}, 21214),
        ({"to": "+15005550003"}, 21215),
        ({"to": "+15005550004"}, 21216),
        ({"to": "12"}, 21217),
        ({"to": ""}, 21201),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+12025550111"}, 21210),
        ({"from_": ""}, 21213),
        ({"url": None}, 21205),
    ],
)
def test_calls_that_are_refused(phone, api, given, code):
    wanted = {"to": OWNER, "from_": BUSINESS, "url": "http://example.com/x"} | given

    assert refused(lambda: api.calls.create(**wanted)) == (400, code)


def test_a_call_in_progress_can_be_redirected_and_ended(phone, api, product):
    product.on("/voice", '<Response><Pause length="600"/></Response>')
    product.on("/other", '<Response><Say>Other.</Say><Pause length="600"/></Response>')
    phone.configure(speed=1)
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS)
    until(lambda: product.at("/voice"))
    api.calls(sid).update(url=f"{product.url}/other")
    until(lambda: phone.call(sid)["heard"]["caller"])
    assert refused(lambda: api.calls(sid).update(status="canceled")) == (400, 21220)
    assert refused(lambda: api.calls(sid).update(twiml="<Response>")) == (400, 12100)
    api.calls(sid).update(twiml="<Response><Say>Inline.</Say></Response>")
    call = phone.wait_for_call(sid)

    assert call["heard"]["caller"] == ["Other.", "Inline."]
    assert refused(lambda: api.calls(sid).update(status="completed")) == (400, 21220)


def test_ending_a_call_that_rings_its_owner(phone, api, screening):
    phone.configure(speed=1)
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=no_answer())
    legs = until(lambda: phone.call(sid)["legs"])
    assert refused(lambda: api.calls(legs[0]["sid"]).update(twiml="<Response/>")) == (400, 21220)
    api.calls(sid).update(status="completed")
    phone.wait_for_call(sid)

    assert screening.at("/dial")[0]["DialCallStatus"] == "canceled"
    assert screening.at("/number")[0]["CallStatus"] == "completed"


def test_calls_are_filtered(phone, api, screening):
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS, owner=no_answer())
    phone.wait_for_call(sid)

    assert [call.to for call in api.calls.list(parent_call_sid=sid)] == [OWNER]
    assert [call.sid for call in api.calls.list(from_=CUSTOMER, to=BUSINESS)] == [sid]
    assert [call.direction for call in api.calls.list(status="no-answer")] == ["outbound-dial"]
    assert len(api.calls.list(start_time_after=datetime.now(UTC) - timedelta(minutes=1))) == 2
    assert api.calls.list(end_time_before=datetime.now(UTC) - timedelta(minutes=1)) == []


# --- recordings ---


@pytest.fixture
def recording(phone, api, product):
    product.on("/voice", '<Response><Record action="/done"/></Response>')
    call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, caller={"message_seconds": 3}))
    return api.recordings(call["recordings"][0]).fetch()


def test_a_recording_is_a_real_wav(phone, api, recording):
    address = f"/Recordings/{recording.sid}"
    content = get(phone, f"{address}.wav").content

    with wave.open(io.BytesIO(content)) as wav:
        assert (wav.getnchannels(), wav.getframerate(), wav.getnframes() / wav.getframerate()) == (1, 8000, 3)
    assert get(phone, address).content == content
    assert get(phone, f"{address}.wav?RequestedChannels=2").status_code == 400
    assert requests.get(f"{phone.base_url}{ROOT}{address}.wav", timeout=5).status_code == 401
    mp3 = get(phone, f"{address}.mp3")
    assert (mp3.headers["Content-Type"], mp3.content[:2]) == ("audio/mpeg", b"\xff\xf3")


def test_recordings_are_listed_and_deleted(phone, api, recording):
    assert (recording.status, recording.source, recording.duration, recording.channels) == (
        "completed",
        "RecordVerb",
        "3",
        1,
    )
    assert [each.sid for each in api.recordings.list(call_sid=recording.call_sid)] == [recording.sid]
    assert [each.sid for each in api.calls(recording.call_sid).recordings.list()] == [recording.sid]
    assert recording.delete()
    assert refused(recording.delete) == (404, 20404)
    assert get(phone, f"/Recordings/{recording.sid}.wav").status_code == 404
