"""Texts through a Messaging Service, a pool of numbers."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.twilio.emulator.conftest import BUSINESS, CUSTOMER

POOL = "MG" + "b" * 32
OTHER = "+15005550101"


@pytest.fixture
def pool(phone, product):
    """A Messaging Service with two numbers, BUSINESS first."""
    phone.add_number(BUSINESS, messaging_service_sid=POOL, sms_url=f"{product.url}/sms")
    phone.add_number(OTHER, messaging_service_sid=POOL)
    product.on("/sms", "<Response/>")
    return POOL


def test_it_picks_the_sender(phone, api, pool):
    created = api.messages.create(messaging_service_sid=pool, to=CUSTOMER, body="Hello")

    assert (created.status, created.num_segments, created.from_) == ("accepted", "0", None)
    phone.wait_for_delivery(created.sid)
    assert created.fetch().from_ == BUSINESS


def test_it_keeps_the_sender_that_is_asked_for(phone, api, product, pool):
    status = f"{product.url}/status"
    created = api.messages.create(
        messaging_service_sid=pool, from_=OTHER, to=CUSTOMER, body="Hello", status_callback=status
    )
    phone.wait_for_delivery(created.sid)

    assert (created.status, created.from_) == ("accepted", OTHER)
    [listed] = api.messages.list(to=CUSTOMER, from_=OTHER)
    assert (listed.sid, listed.messaging_service_sid) == (created.sid, pool)
    assert {(told["From"], told["MessagingServiceSid"]) for told in product.at("/status")} == {(OTHER, pool)}


def test_it_can_be_told_to_pick_the_sender_anyway(phone, api, pool):
    phone.configure(pool_keeps_sender=False)
    created = api.messages.create(messaging_service_sid=pool, from_=OTHER, to=CUSTOMER, body="Hello")
    phone.wait_for_delivery(created.sid)

    assert (created.from_, created.fetch().from_) == (None, BUSINESS)


@pytest.mark.parametrize(
    ("given", "code"),
    [({"from_": "+15005550102"}, 21711), ({"messaging_service_sid": "MG" + "0" * 32}, 21703)],
    ids=["a sender that is not in the pool", "a pool without numbers"],
)
def test_what_it_refuses(phone, api, pool, given, code):
    phone.add_number("+15005550102")
    with pytest.raises(TwilioRestException) as refused:
        api.messages.create(**{"messaging_service_sid": pool, "to": CUSTOMER, "body": "Hello"} | given)

    assert refused.value.code == code
    assert phone.ledger() == []


def test_a_stop_counts_for_all_of_it_and_shows_later(phone, api, product, pool):
    phone.wait_for_delivery(phone.send_text(from_=CUSTOMER, to=BUSINESS, body="STOP"))
    created = api.messages.create(messaging_service_sid=pool, from_=OTHER, to=CUSTOMER, body="Hello")
    phone.wait_for_delivery(created.sid)

    assert product.at("/sms")[0]["MessagingServiceSid"] == pool
    assert (created.fetch().status, created.fetch().error_code) == ("failed", 21610)
