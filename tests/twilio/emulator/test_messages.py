"""Texts in both directions."""

import base64

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from werkzeug.wrappers import Response

from nevermisscall.twilio.emulator.formats import e164, segments
from tests.twilio.emulator.conftest import ACCOUNT_SID, AUTH_TOKEN, BUSINESS, CUSTOMER


def send(api, product, to=CUSTOMER, **others):
    others = {"body": "Hello", "status_callback": f"{product.url}/status"} | others
    return api.messages.create(from_=BUSINESS, to=to, **others)


def test_a_text_is_sent_and_delivered(phone, api, product):
    created = send(api, product)
    phone.wait_for_delivery(created.sid)

    assert created.status == "queued"
    assert created.date_sent is None
    assert [callback["MessageStatus"] for callback in product.at("/status")] == ["sent", "delivered"]
    [sent, delivered] = product.at("/status")
    assert (sent["MessageSid"], sent["SmsSid"], sent["From"], sent["To"]) == (
        created.sid,
        created.sid,
        BUSINESS,
        CUSTOMER,
    )
    assert len(delivered["RawDlrDoneDate"]) == 10
    assert "ErrorCode" not in delivered.fields
    fetched = created.fetch()
    assert fetched.status == "delivered"
    assert fetched.date_sent is not None


@pytest.mark.parametrize("code", [30003, 30005, 30006, 30007, 30008, 30034])
def test_numbers_whose_carrier_refuses(phone, api, product, code):
    created = send(api, product, to=f"+150055{code}")
    phone.wait_for_delivery(created.sid)

    assert [callback["MessageStatus"] for callback in product.at("/status")] == ["sent", "undelivered"]
    assert product.at("/status")[1]["ErrorCode"] == str(code)
    assert created.fetch().error_code == code


def test_numbers_whose_text_never_leaves(phone, api, product):
    phone.wait_for_delivery(send(api, product, to="+15005530001").sid)

    assert [callback["MessageStatus"] for callback in product.at("/status")] == ["failed"]


def test_slow_and_silent_numbers(phone, api, product):
    phone.configure(speed=1000)
    slow, silent = send(api, product, to="+15005540200"), send(api, product, to="+15005560000")
    phone.wait_for_delivery(slow.sid)
    phone.wait_for_delivery(silent.sid)

    assert slow.fetch().status == "delivered"
    assert silent.fetch().status == "sent"


def test_a_text_that_would_come_too_late_fails(phone, api, product):
    created = send(api, product, to="+15005540200", validity_period=60)
    phone.wait_for_delivery(created.sid)

    assert (created.fetch().status, created.fetch().error_code) == ("failed", 30036)


def test_any_number_can_be_made_to_fail(phone, api, product):
    phone.set_destination(CUSTOMER, error=30006)
    created = send(api, product)

    assert phone.wait_for_delivery(created.sid)["error_code"] == 30006


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": "+15005521608"}, 21608),
        ({"to": "12"}, 21211),
        ({"to": BUSINESS}, 21211),
        ({"to": ""}, 21604),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
        ({"from_": "+12025550111"}, 21606),
        ({"from_": "Acme"}, 21212),
        ({"from_": ""}, 21603),
        ({"body": "x" * 1601}, 21617),
        ({"body": ""}, 21602),
        ({"media_url": ["ftp://x"]}, 21620),
        ({"media_url": ["http://x/a.png"] * 11}, 21623),
        ({"status_callback": "not a url"}, 21609),
        ({"send_at": "2030-01-01T00:00:00Z", "schedule_type": "fixed"}, 35118),
        ({"send_at": "2030-01-01T00:00:00Z", "schedule_type": "fixed", "messaging_service_sid": "MG1"}, 35115),
        ({"send_at": "soon", "schedule_type": "fixed", "messaging_service_sid": "MG1"}, 35114),
    ],
)
def test_what_is_refused(phone, api, given, code):
    with pytest.raises(TwilioRestException) as refused:
        api.messages.create(**({"from_": BUSINESS, "to": CUSTOMER, "body": "Hello"} | given))

    assert refused.value.code == code
    assert refused.value.status == (429 if code == 21611 else 400)
    assert phone.ledger() == []
    assert phone.attempts()[-1]["outcome"] == str(refused.value.status)


def test_the_magic_sender_needs_no_number(phone, api):
    assert api.messages.create(from_="+15005550006", to=CUSTOMER, body="Hello").status == "queued"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("😀" * 36, 2),
    ],
)
def test_segments(body, count):
    assert segments(body) == count


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(415) 555-0123", "+14155550123"),
        ("14155550123", "+14155550123"),
        ("+447911123456", "+447911123456"),
        ("911", None),
    ],
)
def test_numbers_are_read_as_twilio_reads_them(text, number):
    assert e164(text) == number


# --- customers text in ---


def test_a_customers_text_reaches_the_product(phone, product):
    product.on("/sms", "<Response/>")
    sid = phone.send_text(from_=CUSTOMER, to=BUSINESS, body=" My sink leaks 😀 ")
    phone.wait_for_delivery(sid)

    [request] = product.at("/sms")
    assert (request["MessageSid"], request["SmsSid"], request["Body"]) == (sid, sid, " My sink leaks 😀 ")
    assert (request["NumMedia"], request["SmsStatus"], request["NumSegments"]) == ("0", "received", "1")


def test_pictures_are_fetched_with_credentials(phone, product):
    product.on("/sms", "<Response/>")
    picture = {"content_type": "image/jpeg", "content_base64": base64.b64encode(b"jpeg").decode()}
    sid = phone.send_text(from_=CUSTOMER, to=BUSINESS, media=["image/png", picture])
    phone.wait_for_delivery(sid)

    [request] = product.at("/sms")
    assert sid.startswith("MM")
    assert (request["NumMedia"], request["Body"], request["MediaContentType1"]) == ("2", "", "image/jpeg")
    assert requests.get(request["MediaUrl1"], timeout=5).status_code == 401
    assert requests.get(request["MediaUrl1"], auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).content == b"jpeg"


def test_pictures_are_listed_and_deleted(phone, api):
    sid = phone.send_text(from_=CUSTOMER, to=BUSINESS, media=["image/png"])
    [media] = api.messages(sid).media.list()

    assert media.content_type == "image/png"
    assert media.delete()
    assert api.messages(sid).media.list() == []


def test_an_answer_in_twiml_is_a_text(phone, product):
    product.on("/sms", "<Response><Message><Body>Thanks!</Body></Message></Response>")
    phone.send_text(from_=CUSTOMER, to=BUSINESS, body="Hi")
    reply = phone.wait_for_message(to=CUSTOMER, containing="Thanks!")

    assert reply["direction"] == "outbound-reply"


def test_a_failing_sms_url_goes_to_its_fallback(phone, product):
    phone.add_number(BUSINESS, sms_url=f"{product.url}/sms", sms_fallback_url=f"{product.url}/sms-fallback")
    product.on("/sms", Response("boom", 500))
    product.on("/sms-fallback", "<Response/>")
    phone.wait_for_delivery(phone.send_text(from_=CUSTOMER, to=BUSINESS, body="Hi"))

    assert product.at("/sms-fallback")[0]["ErrorCode"] == "11200"


def test_stop_blocks_and_start_unblocks(phone, api, product):
    product.on("/sms", "<Response/>")
    phone.wait_for_delivery(phone.send_text(from_=CUSTOMER, to=BUSINESS, body=" stop "))
    with pytest.raises(TwilioRestException) as refused:
        send(api, product)
    phone.wait_for_delivery(phone.send_text(from_=CUSTOMER, to=BUSINESS, body="START"))

    assert refused.value.code == 21610
    assert send(api, product).status == "queued"
    assert [request["Body"] for request in product.at("/sms")] == [" stop ", "START"]
    automatic = [message.body for message in api.messages.list(to=CUSTOMER) if message.direction == "outbound-reply"]
    assert len(automatic) == 2


def test_stop_please_is_an_ordinary_text(phone, api, product):
    product.on("/sms", "<Response/>")
    phone.send_text(from_=CUSTOMER, to=BUSINESS, body="Please stop texting me")

    assert send(api, product).status == "queued"


def test_what_is_not_simulated_in_an_answer_is_noted(phone, product):
    product.on("/sms", "<Response><Redirect>/other</Redirect></Response>")
    sid = phone.send_text(from_=CUSTOMER, to=BUSINESS, body="Hi")

    assert "not_simulated" in [event["kind"] for event in phone.wait_for_delivery(sid)["timeline"]]


def test_advanced_opt_out_says_which_keyword_it_acted_on(phone, product):
    phone.configure(advanced_opt_out=True)
    product.on("/sms", "<Response/>")
    phone.wait_for_delivery(phone.send_text(from_=CUSTOMER, to=BUSINESS, body="Help"))

    assert product.at("/sms")[0]["OptOutType"] == "HELP"
