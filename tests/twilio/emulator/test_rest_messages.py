"""Texts in the REST API: paged, filtered, canceled, redacted, with their media."""

from datetime import UTC, datetime, timedelta

import requests

from tests.twilio.emulator.conftest import ACCOUNT_SID, AUTH_TOKEN, BUSINESS, CUSTOMER
from tests.twilio.emulator.rest import get, refused, text


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
