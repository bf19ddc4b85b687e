"""The one place where a request to Twilio is made: timeouts set, errors sorted by what is known about the outcome."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError, SSLError

from nevermisscall.twilio.errors import (
    AmbiguousTwilioError,
    CredentialsError,
    PermanentTwilioError,
    TransientTwilioError,
    TwilioError,
)

CONNECT_TIMEOUT_SECONDS = 2.0
READ_TIMEOUT_SECONDS = 8.0  # for each read: a server that sends a byte a second is never late, so there is also
TOTAL_SECONDS = 12.0  # for a whole request, connecting included
TWILIO_API = "https://api.twilio.com"

T = TypeVar("T")

_of_this_thread = threading.local()


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account and its primary auth token."""

    account_sid: str
    auth_token: str


class _HttpClient(TwilioHttpClient):
    """The SDK's transport with our timeouts and our base URL, which is the emulator's in development."""

    def __init__(self) -> None:
        super().__init__()
        # Set late: the SDK's own check of the value knows no separate connect and read timeouts.
        self.timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)

        assert self.session is not None
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, Adapter())

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if url.startswith(TWILIO_API):
            url = settings.TWILIO_API_BASE_URL + url.removeprefix(TWILIO_API)
        with ended_after(TOTAL_SECONDS):
            return super().request(method, url, *args, **kwargs)


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """End what this thread asks through an `Adapter` in the block, should it take longer, however slowly it drips."""
    used: list[HTTPConnection] = []
    _of_this_thread.used = used
    timer = threading.Timer(seconds, _shut_down, [used])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        used.clear()


def _shut_down(used: list[HTTPConnection]) -> None:
    """End a request whose time is up: whoever waits for its connection gets an error."""
    for connection in used:
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)


class _Http(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _of_this_thread.used.append(self)
        super().request(*args, **kwargs)


class _Https(HTTPSConnection):
    def connect(self) -> None:
        # What breaks before the two have agreed on keys has carried no request; an SSLError later may have.
        try:
            super().connect()
        except (OSError, SSLError) as error:
            raise NewConnectionError(self, f"TLS failed: {type(error).__name__}") from error

    def request(self, *args: Any, **kwargs: Any) -> None:
        _of_this_thread.used.append(self)
        super().request(*args, **kwargs)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class Adapter(HTTPAdapter):
    """Tells which connection a request uses, so that it can be ended from outside."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def client(credentials: Credentials) -> Client:
    """Return this thread's pooled client for an account. The SDK does not promise thread safety."""
    clients: dict[Credentials, Client] = _of_this_thread.__dict__.setdefault("clients", {})
    if credentials not in clients:
        # An empty environment: a stray TWILIO_REGION or TWILIO_EDGE would send requests to another host.
        clients[credentials] = Client(
            credentials.account_sid, credentials.auth_token, http_client=_HttpClient(), environment={"": ""}
        )
    return clients[credentials]


def call_twilio(request: Callable[[], T]) -> T:
    """Run `request` and return its result; raise one of our errors by what is proven about the outcome.

    A 429 was never processed, a 4xx was refused, a connection that never opened carried nothing. Everything else, such
    as a timeout, a reset or a 5xx, proves nothing either way.
    """
    try:
        return request()
    except TwilioRestException as error:
        raise _sorted(error.status, error.code or 0) from error
    except requests.exceptions.ConnectTimeout as error:
        raise TransientTwilioError("Twilio did not accept a connection in time") from error
    except requests.exceptions.ConnectionError as error:
        if _never_connected(error):
            raise TransientTwilioError("Twilio could not be reached") from error
        raise AmbiguousTwilioError("the connection to Twilio broke") from error
    except requests.exceptions.RequestException as error:
        raise AmbiguousTwilioError(f"no answer from Twilio: {type(error).__name__}") from error
    except (TwilioException, ValueError) as error:
        answer = next((arg for arg in error.args if isinstance(arg, Response)), None)
        if answer is not None:  # a page of a list that was refused: the SDK does not say so like the rest
            raise _sorted(answer.status_code, 0) from error
        # An answer that is no JSON: it may have been acted upon.
        raise AmbiguousTwilioError(f"unreadable answer from Twilio: {type(error).__name__}") from error


def _sorted(status: int, code: int) -> TwilioError:
    if code == status:
        code = 0  # the SDK's stand-in for an answer without a Twilio code
    if status == 429:
        return TransientTwilioError("Twilio is busy", status=status, code=code or 20429)
    if status in {401, 403}:
        return CredentialsError("Twilio refused the credentials", status=status, code=code or 20003)
    if status >= 500 or status < 400:
        return AmbiguousTwilioError("Twilio failed", status=status, code=code)
    return PermanentTwilioError("Twilio refused the request", status=status, code=code)


def _never_connected(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if type(seen).__name__ in {"NewConnectionError", "ConnectTimeoutError", "NameResolutionError"}:
            return True
        reason = getattr(seen, "reason", None)
        inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        seen = reason if isinstance(reason, BaseException) else inner
    return False
