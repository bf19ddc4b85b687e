"""An HTTP server on a socket that answers as it is told, also badly: late, byte by byte, too much, or not in HTTP."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeServer:
    """One address; what it was asked is in `requests`, as (path, headers, parsed body)."""

    def __init__(self):
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self._replies: list[Callable[[BaseHTTPRequestHandler], None]] = []
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self):
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    # The last of several replies is given to all requests after it.

    def reply(self, data: Any = None, *, status=200, body: bytes | None = None, after=0.0, headers=(), meanwhile=None):
        """Answer `data` as JSON, or `body` as it is, after some seconds and after `meanwhile` was called."""
        content = json.dumps(data).encode() if body is None else body

        def send(handler):
            self._stopping.wait(after)
            if meanwhile is not None:
                meanwhile()
            handler.send_response(status)
            for name, value in {"Content-Type": "application/json", **dict(headers)}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        self._replies.append(send)

    def drip(self, head: bytes, *, pause=0.05, filler=b" "):
        """Send `head` at once, then one byte of `filler` after another for as long as somebody listens."""

        def send(handler):
            handler.wfile.write(head)
            while not self._stopping.is_set():
                handler.wfile.write(filler)
                handler.wfile.flush()
                time.sleep(pause)

        self._replies.append(send)

    def hang_up(self):
        """Close the connection without a word."""

        def send(handler):
            handler.close_connection = True

        self._replies.append(send)

    def flood(self, size: int):
        """Answer with `size` bytes of JSON that has no end."""

        def send(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.end_headers()
            handler.close_connection = True
            handler.wfile.write(b'{"summary": "')
            for _ in range(size // 65_536):
                handler.wfile.write(b"x" * 65_536)

        self._replies.append(send)

    def _handler(self):
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.requests.append((self.path, headers, json.loads(self.rfile.read(length))))
                send = fake._replies[min(len(fake.requests), len(fake._replies)) - 1]
                try:
                    send(self)
                except OSError:
                    self.close_connection = True  # nobody listens any more: the test is about that

            def log_message(self, *args):
                pass

        return Handler
