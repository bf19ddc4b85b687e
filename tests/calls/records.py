"""Twilio's record of calls, for a test to write."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.fixtures.people import ACME_NUMBER, CUSTOMER
from tests.fixtures.webhooks import TwilioPhone


class Records:
    """Twilio's Calls resource on a socket: what it knows about calls, and who asked."""

    def __init__(self) -> None:
        self.calls: dict[str, dict] = {}
        self.legs: list[dict] = []
        self.failure: tuple[int, int] | None = None  # (HTTP status, Twilio's code)
        self.asked: list[tuple[str, str]] = []  # (path, Authorization)
        self.slow_seconds = 0.0  # before it answers
        self.garbled: bytes | None = None  # what it answers instead
        self.hurry = threading.Event()
        records = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, body = records.answer(self.path, self.headers["Authorization"])
                content = records.garbled or json.dumps(body).encode()
                records.hurry.wait(records.slow_seconds)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def knows(self, phone: TwilioPhone, status: str, *legs: tuple[str, str], **fields: str) -> None:
        """Let Twilio know a call and the (status, seconds) of the legs it was forwarded to."""
        known = {"sid": phone.call_sid, "status": status, "from": CUSTOMER, "to": ACME_NUMBER}
        self.calls[phone.call_sid] = known | fields
        self.legs = [
            {"sid": f"CA{n:032}", "parent_call_sid": phone.call_sid, "status": status, "duration": seconds}
            for n, (status, seconds) in enumerate(legs)
        ]

    def answer(self, uri: str, authorization: str) -> tuple[int, dict]:
        path = urlsplit(uri).path
        self.asked.append((path, authorization))
        if self.failure:
            status, code = self.failure
            return status, {"status": status, "code": code, "message": "", "more_info": ""}
        if path.endswith("/Calls.json"):
            (parent,) = parse_qs(urlsplit(uri).query)["ParentCallSid"]
            calls = [leg for leg in self.legs if leg["parent_call_sid"] == parent]
            return 200, {"calls": calls, "page": 0, "page_size": 20, "next_page_uri": None, "uri": uri}
        sid = path.rsplit("/", 1)[1].removesuffix(".json")
        if sid not in self.calls:
            return 404, {"status": 404, "code": 20404, "message": "not found", "more_info": ""}
        return 200, self.calls[sid]

    def close(self) -> None:
        self.hurry.set()
        self.server.shutdown()
        self.server.server_close()
