"""What is known about a request to Twilio whose connection broke: over TLS, as in production."""

import os
import socket
import ssl
import threading
from ipaddress import IPv4Address

import pytest
from cryptography import x509

from nevermisscall.twilio import messages
from nevermisscall.twilio.client import Credentials
from nevermisscall.twilio.errors import AmbiguousTwilioError, TransientTwilioError
from tests.fixtures.tls import write_certificate


@pytest.fixture
def certificate(tmp_path):
    return write_certificate(tmp_path / "server.pem", x509.IPAddress(IPv4Address("127.0.0.1")))


@pytest.fixture
def heard(certificate, settings):
    """What a server heard that takes a request and then breaks the encryption; the settings name it as Twilio."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    requests: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    settings.TWILIO_API_BASE_URL = f"https://127.0.0.1:{listener.getsockname()[1]}"

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    requests.append(secure.recv(65536))
                    os.write(secure.fileno(), b"this is no TLS record")
            except OSError:
                pass  # the client did not like the certificate

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield requests
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def send() -> None:
    messages.create(
        Credentials("AC" + "a" * 32, "token"),
        from_number="+15005550100",
        to_number="+14155550123",
        body="Hi",
        media_urls=[],
        status_callback="https://example.com",
        validity_seconds=0,
    )


def test_encryption_that_breaks_after_the_request_proves_nothing(heard, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(AmbiguousTwilioError):
        send()

    assert heard[0].startswith(b"POST /2010-04-01/Accounts/AC")


def test_a_certificate_that_is_not_trusted_got_no_request(heard):
    with pytest.raises(TransientTwilioError):
        send()

    assert heard == []
