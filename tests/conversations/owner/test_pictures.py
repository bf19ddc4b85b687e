"""Pictures that an owner sends on: fetched from Twilio, and handed out by a signed link that grows old."""

from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from conversations.models import Conversation
from conversations.owner import links, relaying
from conversations.owner.models import OwnerText
from nevermisscall.lib.clock import DatabaseClock
from sms.models import Message, MessageMedia
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT

State = OwnerText.State


@pytest.fixture
def jane(phones):
    return phones.customer("my sink leaks")


@pytest.fixture
def send_pictures(phones, jane, twilio, twilio_api, settings, tmp_path):
    """The owner sends pictures, which Twilio has; returns what was made of the text."""
    settings.MEDIA_ROOT = str(tmp_path / "media")

    def send(body: str = "This one?", count: int = 1) -> OwnerText:
        kinds = ["image/png"] * count
        sid = twilio_api.send_text(from_=OWNER_PHONE, to=ACME_NUMBER, body=body, media=kinds)
        folder = f"{twilio_api.base_url}/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media"
        with requests.Session() as session:
            session.trust_env = False
            found = session.get(f"{folder}.json", auth=(ACCOUNT, "primary-token"), timeout=5).json()["media_list"]
        urls = {f"MediaUrl{n}": f"{folder}/{each['sid']}" for n, each in enumerate(found)}
        twilio.text(body, media=kinds, MessageSid=sid, From=OWNER_PHONE, **urls)
        phones.do_due_work()
        return OwnerText.objects.get(message__message_sid=sid)

    return send


@pytest.fixture
def look_again(phones):
    """A second later."""

    def look() -> OwnerText:
        OwnerText.objects.filter(relay_at__isnull=False).update(relay_at=DatabaseClock())
        phones.do_due_work()
        return OwnerText.objects.latest("pk")

    return look


def sent() -> Message:
    return Message.objects.get(direction="outbound", sender_type="user")


def path_of(url: str) -> str:
    return url.removeprefix("https://nmc.example.com")


def test_the_ai_is_silent_before_the_pictures_are_here(jane, send_pictures):
    text = send_pictures()

    assert text.state == State.FETCHING
    assert Conversation.objects.get().relay_to == OWNER_PHONE
    assert not Message.objects.filter(sender_type="user", direction="outbound").exists()


def test_words_and_pictures_leave_in_one_text_once(send_pictures, look_again, twilio_api):
    send_pictures("This one?", count=2)
    text = look_again()
    look_again()

    assert (text.state, text.relay_at) == (State.DONE, None)
    assert sent().body == "This one?"
    (shown,) = [each for each in twilio_api.messages(to="+14155550123") if each["body"] == "This one?"]
    assert shown["num_media"] == 2


def test_a_picture_without_words_is_passed_on(jane, send_pictures, look_again):
    send_pictures(f"{jane}")
    look_again()

    assert (sent().body, len(sent().media_urls)) == ("", 1)


def test_the_link_hands_out_the_file(send_pictures, look_again, client):
    send_pictures()
    look_again()
    (url,) = sent().media_urls
    answer = client.get(path_of(url))

    assert url.startswith("https://nmc.example.com/media/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content).startswith(b"\x89PNG")
    answer.close()


def test_a_link_is_for_reading_only(send_pictures, look_again, client):
    send_pictures()
    look_again()
    path = path_of(sent().media_urls[0])
    head = client.head(path)
    head.close()

    assert (head.status_code, client.post(path).status_code) == (200, 405)


def test_nobody_guesses_a_link_and_an_old_one_is_none(send_pictures, look_again, client, time_machine):
    send_pictures()
    look_again()
    path = path_of(sent().media_urls[0])
    forged = [
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        "/media/1",
        "/media/1.2.3",
        "/media/%00",
        "/media/" + "x" * 500,
    ]

    assert [client.get(each).status_code for each in forged] == [404] * 5
    time_machine.move_to(timezone.now() + links.GOOD_FOR + timedelta(minutes=1))
    assert client.get(path).status_code == 404


def test_a_customers_picture_has_no_link(phones, twilio, client):
    twilio.text("look", media=["image/png"])
    media = MessageMedia.objects.get()
    MessageMedia.objects.update(state="stored", file="texts/some")

    assert client.get(path_of(links.link(media))).status_code == 404


def test_a_file_that_is_gone_is_not_found(send_pictures, look_again, client):
    send_pictures()
    look_again()
    media = MessageMedia.objects.get()
    media.file.storage.delete(media.file.name)

    assert client.get(path_of(sent().media_urls[0])).status_code == 404


def test_pictures_that_do_not_come_are_waited_for_two_minutes(jane, send_pictures, look_again, phones):
    text = send_pictures()
    MessageMedia.objects.update(state="pending", fetch_at=timezone.now() + timedelta(hours=1))
    assert look_again().state == State.FETCHING

    OwnerText.objects.filter(pk=text.pk).update(created_at=text.created_at - timedelta(minutes=3))
    assert look_again().state == State.DONE
    assert (sent().body, sent().media_urls) == ("This one?", [])
    assert "1 of your pictures or files could not be passed on" in phones.last_to()


def test_who_lost_the_lease_sends_nothing(send_pictures):
    text = send_pictures()
    text.fence = 12345

    assert relaying.finish(text) is None
    assert not Message.objects.filter(sender_type="user", direction="outbound").exists()


def test_a_file_that_we_do_not_keep_is_told(jane, send_pictures, look_again, phones):
    send_pictures(f"{jane}")
    MessageMedia.objects.update(state="refused", refusal="too large")

    assert look_again().state == State.REFUSED
    assert "could not be passed on" in phones.last_to()
    assert not Message.objects.filter(sender_type="user", direction="outbound").exists()
