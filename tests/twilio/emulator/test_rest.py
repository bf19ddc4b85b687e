"""The REST API through the real SDK, and the shapes it does not look at."""

import io
import json
import wave
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from nevermisscall.twilio.emulator.control import answers, no_answer, voicemail
from tests.twilio.emulator.conftest import ACCOUNT_SID, AUTH_TOKEN, BUSINESS, CUSTOMER, OWNER, Rewriting, until

ROOT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


def get(phone, path, **others):
    return requests.get(f"{phone.base_url}{ROOT}{path}", auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5, **others)


def text(api, body="Hello", to=CUSTOMER):
    return api.messages.create(from_=BUSINESS, to=to, body=body)


def refused(action):
    with pytest.raises(TwilioRestException) as caught:
        action()
    return caught.value.status, caught.value.code


# --- who may ask ---


@pytest.mark.parametrize("auth", [None, (ACCOUNT_SID, "wrong"), ("AC" + "0" * 32, AUTH_TOKEN)])
def test_wrong_credentials(phone, auth):
    response = requests.get(f"{phone.base_url}{ROOT}/Messages.json", auth=auth, timeout=5)

    assert response.status_code == 401
    assert response.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_what_does_not_exist(phone, api):
    assert refused(lambda: api.messages("SM" + "0" * 32).fetch()) == (404, 20404)
    assert refused(lambda: api.calls("CA" + "0" * 32).fetch()) == (404, 20404)
    assert get(phone, "/Nothing.json").json()["code"] == 20404
    assert requests.put(f"{phone.base_url}{ROOT}/Messages.json", timeout=5).json()["code"] == 20004


def test_accounts_see_only_their_own(phone, api, product):
    other = "AC" + "c" * 32
    phone.add_account(other, "other-token")
    theirs = Client(other, "other-token", http_client=Rewriting(phone.base_url))
    mine = text(api)

    assert theirs.api.v2010.accounts(other).fetch().status == "active"
    assert theirs.messages.list() == []
    assert refused(lambda: theirs.messages(mine.sid).fetch()) == (404, 20404)
    assert refused(lambda: theirs.messages.create(from_=BUSINESS, to=CUSTOMER, body="Hi")) == (400, 21606)
    foreign = requests.get(f"{phone.base_url}{ROOT}/Messages.json", auth=(other, "other-token"), timeout=5)
    assert foreign.status_code == 404


def test_both_tokens_of_an_account_may_ask_until_one_is_promoted(phone):
    other = "AC" + "c" * 32

    def asked() -> list[int]:
        path = f"{phone.base_url}/2010-04-01/Accounts/{other}/Messages.json"
        return [requests.get(path, auth=(other, token), timeout=5).status_code for token in ("old", "new", "")]

    phone.add_account(other, "old", secondary_token="new")
    assert asked() == [200, 200, 401]
    phone.add_account(other, "new")
    assert asked() == [401, 200, 401]


# --- shapes ---


@pytest.fixture
def spec():
    return json.loads((Path(__file__).parent / "twilio_resource_fields.json").read_text())


def test_resources_have_the_fields_of_twilios_own_description(phone, api, product, spec):
    product.on("/voice", '<Response><Record action="/done"/></Response>')
    message = text(api)
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS)
    [recording] = phone.wait_for_call(sid)["recordings"]
    number = api.incoming_phone_numbers.list()[0]
    shown = {
        "message": get(phone, f"/Messages/{message.sid}.json").json(),
        "call": get(phone, f"/Calls/{sid}.json").json(),
        "recording": get(phone, f"/Recordings/{recording}.json").json(),
        "incoming_phone_number": get(phone, f"/IncomingPhoneNumbers/{number.sid}.json").json(),
        "available_phone_number_local": get(phone, "/AvailablePhoneNumbers/US/Local.json").json()[
            "available_phone_numbers"
        ][0],
    }
    assert {name: sorted(fields) for name, fields in shown.items()} == spec


def test_values_are_spelt_as_twilio_spells_them(phone, api):
    shown = get(phone, f"/Messages/{text(api).sid}.json").json()

    assert (shown["num_segments"], shown["num_media"], shown["error_code"]) == ("1", "0", None)
    assert shown["date_created"].endswith(" +0000")
    assert datetime.now(UTC) - parsedate_to_datetime(shown["date_created"]) < timedelta(seconds=5)
    assert shown["uri"] == f"{ROOT}/Messages/{shown['sid']}.json"
    assert shown["subresource_uris"]["media"] == f"{ROOT}/Messages/{shown['sid']}/Media.json"


# --- messages ---


def test_lists_are_newest_first_and_paged(phone, api):
    sids = [text(api, body=f"Text {number}").sid for number in range(7)]
    first = get(phone, f"/Messages.json?To=%2B{CUSTOMER[1:]}&PageSize=3").json()
    text(api, body="arrives between two pages")
    second = requests.get(phone.base_url + first["next_page_uri"], auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).json()

    assert [message["sid"] for message in first["messages"]] == sids[:3:-1]
    assert [message["sid"] for message in second["messages"]] == sids[3:0:-1]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 3, 0, 2)
    assert first["previous_page_uri"] is None
    back = requests.get(phone.base_url + second["previous_page_uri"], auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).json()
    assert [message["sid"] for message in back["messages"]] == sids[:3:-1]


def test_the_sdk_follows_the_pages(phone, api):
    sids = [text(api).sid for _ in range(5)]

    assert [message.sid for message in api.messages.stream(page_size=2)] == sids[::-1]
    assert [message.sid for message in api.messages.list(limit=2)] == sids[:2:-1]


def test_messages_are_filtered(phone, api):
    mine, other = text(api), text(api, to="+14155550177")
    now = datetime.now(UTC)

    assert [each.sid for each in api.messages.list(to=CUSTOMER)] == [mine.sid]
    assert [each.sid for each in api.messages.list(from_=CUSTOMER)] == []
    assert len(api.messages.list(date_sent_after=now - timedelta(minutes=1))) == 2
    assert api.messages.list(date_sent_after=now + timedelta(minutes=1)) == []
    assert api.messages.list(date_sent_before=now - timedelta(minutes=1)) == []
    assert [each.sid for each in api.messages.list(to=other.to, date_sent=now.date())] == [other.sid]
    assert get(phone, "/Messages.json?DateSent=yesterday").status_code == 400


def test_a_scheduled_text_can_be_canceled_and_a_body_redacted(phone, api):
    phone.add_number(BUSINESS, messaging_service_sid="MG" + "b" * 32)
    soon = datetime.now(UTC) + timedelta(hours=1)
    scheduled = api.messages.create(
        messaging_service_sid="MG" + "b" * 32, to=CUSTOMER, body="Later", send_at=soon, schedule_type="fixed"
    )

    assert scheduled.status == "scheduled"
    assert scheduled.update(status="canceled").status == "canceled"
    assert refused(lambda: scheduled.update(status="canceled")) == (409, 30409)
    assert refused(lambda: scheduled.update(body="new")) == (400, 20001)
    assert scheduled.update(body="").body == ""
    assert scheduled.delete()
    assert refused(scheduled.fetch) == (404, 20404)


def test_media_of_an_outgoing_text_points_to_where_it_came_from(phone, api):
    created = api.messages.create(from_=BUSINESS, to=CUSTOMER, media_url=["http://example.com/a.png"])
    [media] = api.messages(created.sid).media.list()
    answer = get(phone, f"/Messages/{created.sid}/Media/{media.sid}", allow_redirects=False)

    assert created.sid.startswith("MM")
    assert media.content_type == "image/png"
    assert answer.headers["Location"] == "http://example.com/a.png"
    assert api.messages(created.sid).media(media.sid).fetch().parent_sid == created.sid


# --- calls ---


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


# --- numbers ---


def test_a_number_is_found_bought_configured_and_released(phone, api, product):
    found = api.available_phone_numbers("US").local.list(area_code=602, limit=2)
    bought = api.incoming_phone_numbers.create(
        phone_number=found[0].phone_number, voice_url=f"{product.url}/voice", voice_caller_id_lookup=True
    )
    changed = bought.update(sms_url=f"{product.url}/sms", friendly_name="Branch")

    assert len(found) == 2
    assert (changed.voice_url, changed.sms_url) == (f"{product.url}/voice", f"{product.url}/sms")
    assert changed.voice_caller_id_lookup is True
    assert [each.sid for each in api.incoming_phone_numbers.list(phone_number=bought.phone_number)] == [bought.sid]
    assert [each.sid for each in api.incoming_phone_numbers.list(friendly_name="Branch")] == [bought.sid]
    assert refused(lambda: api.incoming_phone_numbers.create(phone_number=bought.phone_number)) == (400, 21422)
    assert bought.phone_number not in [each.phone_number for each in api.available_phone_numbers("US").local.list(602)]
    assert bought.delete()
    assert refused(bought.fetch) == (404, 20404)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"phone_number": "+15005550000"}, 21422),
        ({"phone_number": "+15005550001"}, 21421),
        ({"phone_number": "12"}, 21421),
        ({"area_code": "533"}, 21452),
        ({"area_code": "1"}, 21452),
    ],
)
def test_numbers_that_cannot_be_bought(phone, api, given, code):
    assert refused(lambda: api.incoming_phone_numbers.create(**given)) == (400, code)


def test_a_number_can_be_bought_by_area_code_and_searched_by_pattern(phone, api):
    assert api.incoming_phone_numbers.create(area_code="503").phone_number == "+15035550100"
    found = api.available_phone_numbers("US").local.list(area_code=503, contains="555010*")
    assert "+15035550101" in [each.phone_number for each in found]
    assert api.available_phone_numbers("US").local.list(area_code=533) == []
