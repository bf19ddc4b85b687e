"""A file server that is Twilio's API as far as media go, told how to behave path by path."""

import base64
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.fixtures.webhooks import ACCOUNT

PICTURE = b"\xff\xd8\xff" + b"picture" * 1000


class FileServer:
    """Answers every request by `behave(request)`; keeps each request's path and Authorization."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.behave = lambda request: send_file(request)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.seen.append((self.path, self.headers.get("Authorization", "")))
                try:
                    outer.behave(self)
                except OSError:  # the client had enough
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def send_file(request, body: bytes = PICTURE, content_type: str = "image/jpeg", length: int | None = None, **headers):
    request.send_response(200)
    request.send_header("Content-Type", content_type)
    if length != -1:
        request.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)
    request.close_connection = True


def send_status(request, status: int, **headers):
    request.send_response(status)
    for name, value in {"Content-Length": "0", **headers}.items():
        request.send_header(name, value)
    request.end_headers()


def drip(request, seconds: float):
    """Announce a whole file and send a byte of it now and then."""
    request.send_response(200)
    request.send_header("Content-Type", "image/jpeg")
    request.send_header("Content-Length", "5000")
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(seconds)


AUTHORIZATION = "Basic " + base64.b64encode(f"{ACCOUNT}:primary-token".encode()).decode()


@pytest.fixture
def files(settings, tmp_path):
    server = FileServer()
    settings.TWILIO_API_BASE_URL = server.url
    settings.MEDIA_ROOT = str(tmp_path / "media")
    yield server
    server.stop()


@pytest.fixture
def elsewhere():
    """Somebody else's server."""
    server = FileServer()
    yield server
    server.stop()
