"""The HTTP server: Twilio's REST API, the control API and the phone page on one port.

A fault that breaks the connection is a TCP reset of the client's socket, so the product's HTTP client sees what it
would see from a real network.
"""

import json
import logging
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from nevermisscall.twilio.emulator import (
    control_api,
    faults,
    rest,
    rest_calls,
    rest_messages,
    rest_numbers,
    rest_recordings,
)
from nevermisscall.twilio.emulator.emulator import Emulator
from nevermisscall.twilio.emulator.errors import Refused, describe

logger = logging.getLogger(__name__)

PAGE = Path(__file__).with_name("page.html")
NEVER_SECONDS = 600.0  # how long an unanswered request is held when its client does not give up

_ACCOUNT = "/2010-04-01/Accounts/<account_sid>"
# (path below the account, method, operation, handler)
_REST: list[tuple[str, str, str, rest.Handler]] = [
    (".json", "GET", "account.fetch", rest.show_account),
    ("/Messages.json", "POST", "messages.create", rest_messages.create),
    ("/Messages.json", "GET", "messages.list", rest_messages.index),
    ("/Messages/<sid>.json", "GET", "messages.fetch", rest_messages.fetch),
    ("/Messages/<sid>.json", "POST", "messages.update", rest_messages.update),
    ("/Messages/<sid>.json", "DELETE", "messages.delete", rest_messages.delete),
    ("/Messages/<sid>/Media.json", "GET", "media.list", rest_messages.media_index),
    ("/Messages/<sid>/Media/<media_sid>.json", "GET", "media.fetch", rest_messages.media_fetch),
    ("/Messages/<sid>/Media/<media_sid>.json", "DELETE", "media.delete", rest_messages.media_delete),
    ("/Messages/<sid>/Media/<media_sid>", "GET", "media.content", rest_messages.media_content),
    ("/Calls.json", "POST", "calls.create", rest_calls.create),
    ("/Calls.json", "GET", "calls.list", rest_calls.index),
    ("/Calls/<sid>.json", "GET", "calls.fetch", rest_calls.fetch),
    ("/Calls/<sid>.json", "POST", "calls.update", rest_calls.update),
    ("/Calls/<call_sid>/Recordings.json", "GET", "recordings.list", rest_recordings.index),
    ("/Recordings.json", "GET", "recordings.list", rest_recordings.index),
    ("/Recordings/<sid>.json", "GET", "recordings.fetch", rest_recordings.fetch),
    ("/Recordings/<sid>.json", "DELETE", "recordings.delete", rest_recordings.delete),
    ("/Recordings/<sid>.<any(wav, mp3):extension>", "GET", "recordings.media", rest_recordings.media),
    ("/Recordings/<sid>", "GET", "recordings.media", rest_recordings.media),
    ("/IncomingPhoneNumbers.json", "GET", "numbers.list", rest_numbers.index),
    ("/IncomingPhoneNumbers.json", "POST", "numbers.create", rest_numbers.create),
    ("/IncomingPhoneNumbers/<sid>.json", "GET", "numbers.fetch", rest_numbers.fetch),
    ("/IncomingPhoneNumbers/<sid>.json", "POST", "numbers.update", rest_numbers.update),
    ("/IncomingPhoneNumbers/<sid>.json", "DELETE", "numbers.delete", rest_numbers.delete),
    ("/AvailablePhoneNumbers/<country>/Local.json", "GET", "numbers.available", rest_numbers.available),
]


class _Reset(ConnectionError):
    """The connection is to be broken. werkzeug treats a ConnectionError as a client that has gone."""


class App:
    """The WSGI application."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._handlers: dict[str, Callable[..., Response]] = {"page": lambda request: _page()}
        rules = [Rule("/", endpoint="page", methods=["GET"])]
        for path, method, operation, handler in _REST:
            rules.append(Rule(_ACCOUNT + path, endpoint=f"rest:{operation}:{path}", methods=[method]))
            self._handlers[f"rest:{operation}:{path}"] = self._rest(operation, handler)
        for path, method, control in control_api.ROUTES:
            endpoint = f"control:{method} {path}"
            rules.append(Rule("/emulator" + path, endpoint=endpoint, methods=[method]))
            self._handlers[endpoint] = self._control(control)
        self._map = Map(rules, strict_slashes=False)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            endpoint, values = self._map.bind_to_environ(environ).match()
            response = self._handlers[endpoint](request, **values)
        except Refused as refused:
            response = rest.refuse(refused)
        except MethodNotAllowed:
            response = rest.refuse(Refused(20004))
        except HTTPException as error:
            code = error.code or 500
            response = rest.refuse(rest.not_found(request.path) if code == 404 else Refused(20001, status=code))
        return response(environ, start_response)

    def _control(self, handler: control_api.Handler) -> Callable[..., Response]:
        def handle(request: Request, **values: str) -> Response:
            return control_api.handle(self.emulator, handler, request, values)

        return handle

    def _rest(self, operation: str, handler: rest.Handler) -> Callable[..., Response]:
        def handle(request: Request, account_sid: str, **values: str) -> Response:
            exchange = self.emulator.exchange
            account = rest.authenticate(exchange, request, account_sid)
            api = rest.ApiRequest(exchange, account, request.args, request.form, request.path, values)
            rule = exchange.faults.take(operation, request.form.get("To"))
            outcome = "no answer" if rule and rule.kind == "timeout" else "reset"
            made: list[str] = []

            def work() -> Response:
                response = _answer(handler, api)
                if response.status_code == 201:
                    made.append(json.loads(response.get_data())["sid"])
                return response

            try:
                response = _with_fault(rule, work, request.environ["werkzeug.socket"])
                outcome = str(response.status_code)
                return response
            finally:
                if operation.endswith(".create"):
                    facts = {
                        "from": request.form.get("From"),
                        "to": request.form.get("To"),
                        "fault": rule.kind if rule else None,
                        "sid": made[0] if made else None,
                    }
                    exchange.world.attempted(operation, outcome, facts)

        return handle


def _page() -> Response:
    response = Response(PAGE.read_text("utf-8"), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response


def _answer(handler: rest.Handler, api: rest.ApiRequest) -> Response:
    try:
        return handler(api)
    except Refused as refused:
        return rest.refuse(refused)


def _with_fault(rule: faults.Rule | None, work: Callable[[], Response], client: socket.socket) -> Response:
    """Answer a request, but the way `rule` says. Raises _Reset where the connection is to break."""
    if rule is None:
        return work()
    if rule.kind == "slow":
        time.sleep(rule.seconds or 0.0)
        return work()
    if rule.kind == "error":
        if rule.accepted:
            work()
        code = rule.code or {401: 20003, 403: 20003, 404: 20404, 429: 20429}.get(rule.status, 20500)
        return rest.refuse(Refused(code, describe(code), status=rule.status))
    if rule.kind == "refuse":
        raise _reset(client)
    response = work()
    if rule.kind == "timeout":
        _hold(client, NEVER_SECONDS if rule.seconds is None else rule.seconds)
        if rule.seconds is not None:
            return response
    raise _reset(client)


def _hold(client: socket.socket, seconds: float) -> None:
    """Keep the client waiting; stop early when it closes the connection."""
    readable, _, _ = select.select([client], [], [], seconds)
    if readable:
        raise _reset(client)


def _reset(client: socket.socket) -> _Reset:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing now sends RST
    return _Reset("broken on purpose")


class _Handler(WSGIRequestHandler):
    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """Do not wait for another request on a connection that is being broken."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        logger.debug("request", extra={"line": message % args if args else message})


class _Server(ThreadedWSGIServer):
    def shutdown_request(self, request: Any) -> None:
        """Close a connection; without the orderly goodbye when it is to look broken."""
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)[0]:
            self.close_request(request)
        else:
            super().shutdown_request(request)


class EmulatorServer:
    """The emulator on a socket. Port 0 takes a free one; `url` says which."""

    def __init__(self, emulator: Emulator, host: str = "127.0.0.1", port: int = 0) -> None:
        self.emulator = emulator
        self._host = host
        self._app = App(emulator)
        self._stopping = threading.Event()
        self._away_seconds = 0.0
        self._server = _Server(host, port, self._app, _Handler)
        self._port = self._server.port
        self.url = f"http://{host}:{self._port}"
        emulator.open(self.url, self.go_away)
        self._thread = threading.Thread(target=self._serve, name="emulator", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and drop what is under way."""
        self._stopping.set()
        self.emulator.close()
        self._server.shutdown()
        self._thread.join(5)

    def go_away(self, seconds: float) -> None:
        """Refuse connections (nobody listens on the port) for `seconds`, starting in a moment."""
        self._away_seconds = seconds
        threading.Timer(0.1, self._server.shutdown).start()

    def _serve(self) -> None:
        while True:
            self._server.serve_forever(poll_interval=0.05)  # closes the socket when it returns
            if self._stopping.wait(self._away_seconds):
                return
            self._server = _Server(self._host, self._port, self._app, _Handler)
