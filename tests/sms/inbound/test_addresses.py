"""Where a redirect of Twilio's may lead: to the hosts on one list, by name, over TLS. No address gets past it."""

import socket
import ssl
import threading
import time
from io import BytesIO

import pytest
from cryptography import x509

from nevermisscall.twilio import media as twilio_media
from nevermisscall.twilio.client import Credentials
from nevermisscall.twilio.errors import TransientTwilioError
from nevermisscall.twilio.media import MediaRefused
from tests.fixtures.tls import write_certificate
from tests.fixtures.webhooks import ACCOUNT
from tests.sms.inbound.conftest import send_status

pytestmark = pytest.mark.fault("F23")

INSIDE = [
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"),
    *("017700000001", "0x7f.0x0.0x0.0x1", "127.0.0.1.", "localhost", "localhost.", "LOCALHOST", "a.localhost"),
    *("0.0.0.0", "0", "0.0.0.1", "00000000000"),
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.1.254", "3232235777"),
    *("169.254.169.254", "169.254.170.2", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.0.1"),
    *("metadata.google.internal", "metadata", "instance-data", "100.100.100.200", "192.0.0.192"),
    *("100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]"),
    *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::a00:1]"),
    *(
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[fe80::1]",
        "[fe80::1%25lo]",
    ),
    *("[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[fec0::1]"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "127.0.0.1.nip.io", "localtest.me", "[::1", "[nonsense]"),
]
# Spellings that one reader of addresses takes for a host on the list and another does not.
DISGUISED = [
    "https://media.twiliocdn.com@127.0.0.1/x",
    "https://media.twiliocdn.com:x@127.0.0.1/x",
    "https://127.0.0.1\\@media.twiliocdn.com/x",
    "https://media.twiliocdn.com\\@127.0.0.1/x",
    "https://media.twiliocdn.com\\.127.0.0.1/x",
    "https://127.0.0.1#@media.twiliocdn.com/x",
    "https://127.0.0.1?@media.twiliocdn.com/x",
    "https://media.twiliocdn.com.127.0.0.1.nip.io/x",
    "https://media.twiliocdn.com%2f@127.0.0.1/x",
    "https://media.twiliocdn.com%00.127.0.0.1/x",
    "https://media.twiliocdn.com:22/x",
    "https://media.twiliocdn.com:443@127.0.0.1:443/x",
    "https://ｍedia.twiliocdn.com/x",
    "//127.0.0.1/x",
    "///127.0.0.1/x",
    "\\\\127.0.0.1\\x",
    "http:127.0.0.1/x",
    "https:\\\\127.0.0.1/x",
    "file:///etc/passwd",
    "file://media.twiliocdn.com/etc/passwd",
    "gopher://media.twiliocdn.com/_x",
    "ftp://media.twiliocdn.com/x",
    "data:image/jpeg;base64,AAAA",
    "https://s3-external-1.amazonaws.com/media.twiliocdn.com/../somebody-else/x",
    "https://s3-external-1.amazonaws.com/media.twiliocdn.com/a/../../somebody-else/x",
    "https://s3-external-1.amazonaws.com/media.twiliocdn.com/%2e%2e/somebody-else/x",
    "https://s3-external-1.amazonaws.com/media.twiliocdn.com/.%2E/somebody-else/x",
    "https://s3-external-1.amazonaws.com/media.twiliocdn.com",
    "https://s3-external-1.amazonaws.com//media.twiliocdn.com/x",
]
TARGETS = [
    f"{scheme}://{host}{port}/x" for host in INSIDE for scheme, port in (("http", ""), ("https", ""), ("http", ":8080"))
]


@pytest.fixture
def reached(monkeypatch, files):
    """Every host that somebody asked the resolver for, but for Twilio's API of the test."""
    asked, resolve = [], socket.getaddrinfo
    api = files.url.removeprefix("http://")

    def record(host, port, *args, **kwargs):
        if f"{host}:{port}" != api:
            asked.append(host)
        return resolve(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", record)
    return asked


def download() -> BytesIO:
    file = BytesIO()
    twilio_media.download(
        Credentials(ACCOUNT, "primary-token"), parent_sid="MM" + "1" * 32, media_sid="ME" + "2" * 32, into=file
    )
    return file


@pytest.mark.parametrize("targets", [TARGETS, DISGUISED], ids=["inside", "disguised"])
def test_no_address_that_leads_inside_is_asked(files, reached, targets, figure):
    for target in targets:
        files.behave = lambda request, to=target: send_status(request, 302, Location=to.encode().decode("latin-1"))
        with pytest.raises(MediaRefused):
            download()
        assert reached == [], target
    figure(addresses=len(targets), reached=len(reached))


def test_there_are_enough_of_them():
    assert len(set(INSIDE)) >= 60


# -- a name on the list that leads inside -----------------------------------------------------------------------------


@pytest.fixture
def inside(tmp_path):
    """A server within the network that speaks TLS, with a certificate of its own, and keeps what it is told."""
    file = write_certificate(tmp_path / "server.pem", x509.DNSName("media.twiliocdn.com"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    told: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    told.append(secure.recv(4096))
            except OSError:
                told.append(b"")  # the client did not like the certificate

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname(), told
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_name_of_twilios_that_resolves_to_the_inside_is_told_nothing(files, inside, monkeypatch, figure):
    """First the resolver says something public that does not answer, then the address of the server inside."""
    address, told = inside
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        answers = [closed.getsockname(), address, address]
    resolve = socket.getaddrinfo

    def rebind(host, port, *args, **kwargs):
        if host != "media.twiliocdn.com":
            return resolve(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", answers.pop(0))]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    files.behave = lambda request: send_status(request, 302, Location="https://media.twiliocdn.com/AC1/abc")
    for _ in range(3):
        with pytest.raises(TransientTwilioError):
            download()

    deadline = time.monotonic() + 5
    while len(told) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert answers == []
    assert told == [b"", b""]
    figure(connections=len(told), told=len(b"".join(told)))
