"""Files of inbound texts are fetched from Twilio, and only from there."""

import stat
import threading
import time
from pathlib import Path

import pytest

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from nevermisscall.twilio import media as twilio_media
from sms import fetching
from sms.models import MessageMedia
from tests.fixtures.webhooks import ACCOUNT
from tests.sms.inbound.conftest import AUTHORIZATION, PICTURE, drip, send_file, send_status

State = MessageMedia.State


@pytest.fixture
def media(acme, twilio, files):
    """A text with a picture that has not been fetched yet."""
    twilio.text("look at this", media=["image/png"])
    return MessageMedia.objects.get()


def fetch(media: MessageMedia) -> MessageMedia:
    """Let the worker try once, now."""
    MessageMedia.objects.filter(pk=media.pk, fetch_at__isnull=False).update(fetch_at=DatabaseClock(), lease_until=None)
    work.run_one(fetching.QUEUE, media.pk)
    media.refresh_from_db()
    return media


def stored_files(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_file_is_fetched_with_credentials_and_stored_under_a_random_name(media, files, settings):
    fetch(media)

    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{media.message.message_sid}/Media/{media.media_sid}"
    assert files.seen == [(path, AUTHORIZATION)]
    assert (media.state, media.content_type, media.size) == (State.STORED, "image/jpeg", len(PICTURE))
    with media.file.open() as file:
        assert file.read() == PICTURE
    assert stat.S_IMODE(Path(media.file.path).stat().st_mode) == 0o600
    assert media.media_sid not in media.file.name
    assert media.file.name.endswith(".jpg")
    assert (media.fetch_at, media.dead_at) == (None, None)


@pytest.mark.fault("F18")
def test_a_file_for_which_there_is_no_room_is_fetched_later(media, files, settings, monkeypatch):
    def half(_file):
        yield b"half of it"
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("django.core.files.base.File.chunks", half)
        fetch(media)
    assert (media.state, media.last_error[:42]) == (State.PENDING, "MEDIA_ROOT cannot be written: No space lef")
    assert stored_files(settings) == []
    fetch(media)

    assert media.state == State.STORED
    assert len(stored_files(settings)) == 1


@pytest.mark.fault("F23")
def test_the_url_of_the_webhook_is_never_used(acme, twilio, files, elsewhere):
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
    twilio.text("look", media=["image/png"], MediaUrl0=f"{elsewhere.url}{path}")
    fetch(MessageMedia.objects.get())

    assert not elsewhere.seen
    assert [seen for seen, _ in files.seen] == [path]


@pytest.mark.fault("F23")
def test_redirects_within_twilio_are_followed_without_credentials(media, files):
    def behave(request):
        hops = len(files.seen)
        send_status(request, 307, Location=f"/file/{hops}") if hops <= 3 else send_file(request)

    files.behave = behave
    fetch(media)

    assert media.state == State.STORED
    assert [authorization for _, authorization in files.seen] == [AUTHORIZATION, "", "", ""]


@pytest.mark.fault("F23")
@pytest.mark.parametrize(
    "location", ["/again", "{elsewhere}/x.jpg", "//{host}/x.jpg", "https://api.twilio.com.evil.example/x"]
)
def test_too_many_redirects_and_other_hosts_are_refused(media, files, elsewhere, location, settings):
    host = elsewhere.url.removeprefix("http://")
    target = location.format(elsewhere=elsewhere.url, host=host)
    files.behave = lambda request: send_status(request, 302, Location=target)
    fetch(media)

    assert (media.state, media.fetch_at, media.dead_at) == (State.REFUSED, None, None)
    assert not elsewhere.seen
    assert not stored_files(settings)


@pytest.mark.fault("F23")
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://media.twiliocdn.com/AC1/abc", True),
        ("https://mms.twiliocdn.com/AC1/abc", True),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/abc", True),
        ("https://s3-external-1.amazonaws.com/somebody-else/abc", False),
        ("http://media.twiliocdn.com/AC1/abc", False),
        ("https://media.twiliocdn.com:8443/AC1/abc", False),
        ("https://user@media.twiliocdn.com/AC1/abc", False),
        ("https://media.twiliocdn.com.evil.example/AC1", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("ftp://media.twiliocdn.com/x", False),
    ],
)
def test_only_twilios_own_file_hosts_may_be_followed(url, allowed):
    assert twilio_media._is_twilio(url) is allowed


@pytest.mark.parametrize("length", [None, -1], ids=["announced", "not announced"])
def test_a_file_over_five_megabytes_is_refused(media, files, settings, length):
    files.behave = lambda request: send_file(request, b"x" * (twilio_media.MAX_BYTES + 1), length=length)
    fetch(media)

    assert media.state == State.REFUSED
    assert "bytes" in media.refusal
    assert not stored_files(settings)


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/x-msdownload", "", "application/zip"])
def test_other_types_are_refused_whatever_was_claimed(media, files, settings, kind):
    files.behave = lambda request: send_file(request, content_type=kind)
    fetch(media)

    assert (media.state, media.content_type) == (State.REFUSED, "image/png")
    assert not stored_files(settings)


def test_a_packed_file_is_refused(media, files):
    files.behave = lambda request: send_file(request, Content_Encoding="gzip")

    assert fetch(media).state == State.REFUSED


@pytest.mark.parametrize("status", [404, 401, 500, 503, 429])
def test_what_may_change_is_tried_again(media, files, settings, status):
    files.behave = lambda request: send_status(request, status)
    fetch(media)
    assert (media.state, media.attempts) == (State.PENDING, 1)
    assert media.fetch_at is not None
    assert str(status) in media.last_error

    files.behave = send_file
    assert fetch(media).state == State.STORED


def test_a_file_that_never_comes_is_a_dead_letter_and_can_be_replayed(media, files):
    files.behave = lambda request: send_status(request, 404)
    for _ in range(fetching.QUEUE.max_attempts):
        fetch(media)
    assert (media.state, media.dead_at is None) == (State.PENDING, False)

    files.behave = send_file
    work.replay(fetching.QUEUE, [media.pk])
    assert fetch(media).state == State.STORED


def test_a_file_that_breaks_off_is_tried_again(media, files, settings):
    files.behave = lambda request: send_file(request, length=len(PICTURE) + 500)
    fetch(media)

    assert (media.state, media.fetch_at is None) == (State.PENDING, False)
    assert not stored_files(settings)


def test_a_file_that_stalls_is_tried_again(media, files, monkeypatch):
    monkeypatch.setattr(twilio_media, "READ_TIMEOUT_SECONDS", 0.2)
    files.behave = lambda request: drip(request, 1.0)

    assert fetch(media).state == State.PENDING


def test_a_file_that_drips_is_given_up_for_now(media, files, monkeypatch):
    monkeypatch.setattr(twilio_media, "TOTAL_SECONDS", 0.3)
    files.behave = lambda request: drip(request, 0.05)
    fetch(media)

    assert media.state == State.PENDING
    assert "longer than" in media.last_error


def test_headers_that_drip_are_given_up_for_now(media, files, monkeypatch):
    monkeypatch.setattr(twilio_media, "TOTAL_SECONDS", 0.3)
    given_up = threading.Event()

    def drip_a_header(request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(200):
            if given_up.wait(0.05):
                return
            request.wfile.write(b"x")

    files.behave = drip_a_header
    started = time.monotonic()
    fetch(media)
    given_up.set()

    assert time.monotonic() - started < 8  # of the ten that it would take
    assert media.state == State.PENDING
    assert "longer than" in media.last_error


def test_with_nobody_listening_it_is_tried_again(media, files):
    files.stop()

    assert fetch(media).state == State.PENDING


def test_a_fetch_that_lost_its_lease_leaves_no_second_copy(media, files, settings):
    [claimed] = work.claim(fetching.QUEUE, limit=1)
    MessageMedia.objects.filter(pk=media.pk).update(fence=claimed.fence + 1)
    work.run_claimed(fetching.QUEUE, claimed)

    media.refresh_from_db()
    assert (media.state, media.file.name) == (State.PENDING, "")
    assert not stored_files(settings)
