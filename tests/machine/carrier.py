"""Twilio's REST API on a socket, as far as the machine goes: each request for a text has the fate the test gives it."""

import json
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.fixtures.webhooks import ACCOUNT, new_sid

FATES = ("busy", "reset", "swallowed", "lost", "early")


@dataclass
class Text:
    """A text that Twilio accepted."""

    to: str
    from_: str
    body: str
    callback: str
    sid: str = field(default_factory=lambda: new_sid("SM"))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: str = "queued"  # as its reports tell, once one of them has come
    error_code: int | None = None
    truth: str = "queued"  # as its reports will have told, once all of them have come


class Carrier:
    """What Twilio knows. A fate is `busy` (429), `reset` or `swallowed` (accepted, and the answer does not come or is a
    502), `lost` (reset before it was accepted) or `early` (the report of `sent` is there before the answer); by default
    a text is accepted."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.before_answer: Callable[[Text], None] = lambda text: None
        self.reset()

    def reset(self) -> None:
        self.texts: list[Text] = []
        self.calls: dict[str, dict[str, Any]] = {}
        self.fates: deque[str] = deque()

    def shift(self, seconds: float) -> None:
        """Everything here happened so much earlier."""
        for text in self.texts:
            text.created_at -= timedelta(seconds=seconds)
        for call in self.calls.values():
            call["at"] -= timedelta(seconds=seconds)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- requests ------------------------------------------------------------------------------------------------------

    def create_text(self, form: dict[str, str]) -> tuple[int, Any] | None:
        fate = self.fates.popleft() if self.fates else "accept"
        if fate == "busy":
            return 429, {"code": 20429, "message": "too many requests"}
        if fate == "lost":
            return None
        text = Text(form["To"], form["From"], form.get("Body", ""), form.get("StatusCallback", ""))
        self.texts.append(text)
        if fate == "early":
            self.before_answer(text)
        if fate == "reset":
            return None
        return (502, {}) if fate == "swallowed" else (201, _show_text(text, "queued"))

    def list_texts(self, query: dict[str, str]) -> tuple[int, Any]:
        found = [text for text in self.texts if (text.to, text.from_) == (query["To"], query["From"])]
        return 200, {"messages": [_show_text(text, text.status) for text in reversed(found)]}

    def create_call(self, form: dict[str, str]) -> tuple[int, Any]:
        sid = new_sid("CA")
        self.add_call(sid, form["From"], form["To"], "no-answer", direction="outbound-api")
        return 201, _show_call(self.calls[sid])

    def add_call(
        self, sid: str, from_: str, to: str, status: str, *, direction: str = "inbound", parent: str = ""
    ) -> None:
        """Let Twilio know of a call that came to this end."""
        self.calls[sid] = {
            "sid": sid,
            "from": from_,
            "to": to,
            "status": status,
            "direction": direction,
            "parent": parent,
            "at": datetime.now(UTC),
        }

    def list_calls(self, query: dict[str, str]) -> tuple[int, Any]:
        wanted = {"from": query.get("From"), "to": query.get("To"), "parent": query.get("ParentCallSid")}
        found = [
            call for call in self.calls.values() if all(value in (None, call[key]) for key, value in wanted.items())
        ]
        return 200, {"calls": [_show_call(call) for call in reversed(found)]}

    def show_call(self, sid: str) -> tuple[int, Any]:
        return (200, _show_call(self.calls[sid])) if sid in self.calls else (404, {"code": 20404, "message": "none"})


def _show_text(text: Text, status: str) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "status": status,
        "body": text.body,
        "error_code": text.error_code if status == text.status else None,
        "date_created": format_datetime(text.created_at),
        "num_segments": "1",
        "from": text.from_,
        "to": text.to,
        "messaging_service_sid": None,
    }


def _show_call(call: dict[str, Any]) -> dict[str, Any]:
    at = format_datetime(call["at"])
    shown = {name: value for name, value in call.items() if name != "at"}
    return {**shown, "duration": "0", "date_created": at, "start_time": at, "end_time": at, "account_sid": ACCOUNT}


def _handler(carrier: Carrier) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            if url.path.endswith("/Messages.json"):
                self._answer(carrier.list_texts(query))
            elif url.path.endswith("/Calls.json"):
                self._answer(carrier.list_calls(query))
            else:
                self._answer(carrier.show_call(url.path.rpartition("/")[2].removesuffix(".json")))

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if self.path.endswith("/Messages.json"):
                self._answer(carrier.create_text(form))
            elif self.path.endswith("/Calls.json"):
                self._answer(carrier.create_call(form))
            else:
                self._answer(carrier.show_call(self.path.rpartition("/")[2].removesuffix(".json")))

        def _answer(self, answer: tuple[int, Any] | None) -> None:
            if answer is None:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(2)
                return
            status, body = answer
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
