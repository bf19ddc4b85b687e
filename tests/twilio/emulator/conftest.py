"""The emulator on a real socket, and a stand-in for the product that verifies signatures with Twilio's validator."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.datastructures import Headers
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from nevermisscall.twilio.emulator.control import EmulatorControl
from nevermisscall.twilio.emulator.emulator import Emulator
from nevermisscall.twilio.emulator.server import EmulatorServer
from nevermisscall.twilio.emulator.world import Account

ACCOUNT_SID = "AC" + "a" * 32
AUTH_TOKEN = "token-of-the-emulated-account"
SPEED = 400  # a ring of 20 s takes 0.05 s
BUSINESS, OWNER, SECOND_OWNER, CUSTOMER = "+15555550100", "+15555550199", "+15555550198", "+14155550123"

WHISPER = (
    '<Response><Gather numDigits="1" timeout="6" action="/accept"><Say>Press 1 to accept.</Say></Gather>'
    "<Hangup/></Response>"
)


T = TypeVar("T")


@dataclass(frozen=True)
class Received:
    """One webhook as the product saw it."""

    path: str
    method: str
    fields: dict[str, str]
    headers: Headers
    signed: bool

    def __getitem__(self, name: str) -> str:
        return self.fields[name]


class Product:
    """What the emulator calls: answers by path, keeps what it got."""

    def __init__(self) -> None:
        self._server = make_server("127.0.0.1", 0, Request.application(self._answer), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.forget()

    def forget(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, str | Response | Callable[[Request], str | Response]] = {}

    def on(self, path: str, answer: str | Response | Callable[[Request], str | Response]) -> None:
        """Answer requests to `path` with TwiML, a response, or what a function makes of the request."""
        self.answers[path] = answer

    def at(self, path: str) -> list[Received]:
        return [request for request in self.received if request.path == path]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: Request) -> Response:
        signature = request.headers.get("X-Twilio-Signature", "")
        signed = RequestValidator(AUTH_TOKEN).validate(request.url, request.form, signature)
        fields = request.values.to_dict()
        self.received.append(Received(request.path, request.method, fields, request.headers, signed))
        answer = self.answers.get(request.path, Response(status=204))
        if callable(answer) and not isinstance(answer, Response):
            answer = answer(request)
        return Response(answer, content_type="text/xml") if isinstance(answer, str) else answer


def until(condition: Callable[[], T]) -> T:
    """Wait until `condition` gives something true, and return that."""
    deadline = time.monotonic() + 5
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


class Rewriting(TwilioHttpClient):
    """The SDK's own HTTP client, pointed at the emulator instead of api.twilio.com."""

    def __init__(self, base_url: str, timeout: float = 5.0) -> None:
        super().__init__(timeout=timeout, pool_connections=False)
        self._base_url = base_url

    def request(self, method, url, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", self._base_url), **kwargs)


@pytest.fixture(scope="session")
def _server() -> Iterator[EmulatorServer]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = EmulatorServer(Emulator(Account(ACCOUNT_SID, AUTH_TOKEN), speed=SPEED))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _product() -> Iterator[Product]:
    product = Product()
    yield product
    product.stop()


@pytest.fixture
def product(_product: Product) -> Iterator[Product]:
    """The stand-in for the product; at the end of the test every request it got must have been rightly signed."""
    _product.forget()
    yield _product
    assert all(request.signed for request in _product.received)


@pytest.fixture
def phone(_server: EmulatorServer, product: Product) -> Iterator[EmulatorControl]:
    """The control client of a fresh emulator that has one number, with all webhooks at the product."""
    control = EmulatorControl(_server.url)
    control.add_number(
        BUSINESS,
        voice_url=f"{product.url}/voice",
        status_callback=f"{product.url}/number",
        sms_url=f"{product.url}/sms",
    )
    yield control
    control.reset(keep_numbers=False)  # waits for requests under way, so that the next test sees none of them


@pytest.fixture
def api(phone: EmulatorControl) -> Client:
    """The real Twilio SDK, talking to the emulator."""
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Rewriting(phone.base_url))


@pytest.fixture
def screening(product: Product) -> Product:
    """A product that forwards every call to the owner with a whisper and press 1, and says sorry after a miss."""
    product.on(
        "/voice",
        '<Response><Dial timeout="20" action="/dial" answerOnBridge="true">'
        '<Number url="/whisper" statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">'
        f"{OWNER}</Number></Dial></Response>",
    )
    product.on("/whisper", WHISPER)
    product.on(
        "/accept",
        lambda request: "<Response/>" if request.form["Digits"] == "1" else "<Response><Hangup/></Response>",
    )
    product.on(
        "/dial",
        lambda request: (
            "<Response/>"
            if request.form["DialBridged"] == "true"
            else "<Response><Say>Sorry.</Say><Hangup/></Response>"
        ),
    )
    return product
