"""`make demo` against an emulator that answers from a script: what it tells, and when it fails."""

import io
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from nevermisscall.dev import demo, stack
from nevermisscall.dev.output import Output

CALL = "CA" + "0" * 32
LEG = "CA" + "1" * 32


def event(second: float, kind: str, **detail: object) -> dict[str, object]:
    return {"at": f"2026-01-01T00:00:{second:06.3f}+00:00", "kind": kind, "detail": detail}


ANSWERED = {
    "at": "2026-01-01T00:00:00+00:00",
    "ended_at": "2026-01-01T00:00:06+00:00",
    "timeline": [
        event(0, "ringing", call_sid=CALL, from_="+14155550123", to=stack.DEMO_NUMBER),
        event(0, "leg", call_sid=LEG, to=stack.DEMO_OWNER),
        event(5, "status", call_sid=LEG, status="no-answer"),
        event(5, "say", call_sid=CALL, to="caller", text="Sorry."),
        event(5, "webhook", call_sid=CALL, method="POST", url="http://x/hook", status=200, seconds=0.012, error=None),
        event(5, "gather", call_sid=CALL),
        event(6, "status", call_sid=CALL, status="completed"),
    ],
}


def text(status: str) -> dict[str, object]:
    return {
        "body": "Hi! I missed your call.",
        "status": status,
        "error_code": 30005 if status == "undelivered" else None,
        "created_at": "2026-01-01T00:00:05.500+00:00",
        "timeline": [event(5.5, "status", status="queued"), event(6, "status", status=status)],
    }


class Script:
    """What the emulator answers; `asked` is what it was told."""

    def __init__(self) -> None:
        self.call = ANSWERED
        self.messages = [text("delivered")]
        self.asked = []

    def answer(self, path: str, given: dict[str, object] | None) -> object:
        self.asked.append((path, given))
        if path == "/emulator/calls":
            return {"call_sid": CALL}
        if path == "/emulator/messages":
            return {"messages": self.messages}
        return self.call if path == f"/emulator/calls/{CALL}" else {"speed": 1.0}


@pytest.fixture
def emulator(monkeypatch, tmp_path):
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            given = json.loads(self.rfile.read(size)) if size else parse_qs(urlsplit(self.path).query)
            body = json.dumps(script.answer(urlsplit(self.path).path, given)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    monkeypatch.setattr(demo, "TEXT_SECONDS", 0.3)
    monkeypatch.setattr(demo, "CALL_SECONDS", 0.3)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        stack_file = tmp_path / "stack.env"
        stack_file.write_text(f"EMULATOR_URL=http://127.0.0.1:{server.server_port}\n")
        monkeypatch.setattr(stack, "STACK_FILE", stack_file)
        yield script
        server.shutdown()
        thread.join()


def test_the_story_is_told_and_succeeds(emulator, capsys):
    assert demo.main() == 0

    shown = capsys.readouterr().out
    assert "calls Ace Plumbing at +15550001000" in shown
    assert "the caller hears: “Sorry.”" in shown
    assert "POST /hook: 200 in 12 ms" in shown
    assert "Twilio accepts a text, 0.5 s after the missed call" in shown
    assert "“Hi! I missed your call.”" in shown


def test_every_demo_is_another_customer_and_leaves_the_speed_as_it_was(emulator):
    demo.main()
    demo.main()

    customers = [given["from"] for path, given in emulator.asked if path == "/emulator/calls"]
    speeds = [given["speed"] for path, given in emulator.asked if path == "/emulator/settings"]
    assert customers[0] != customers[1]
    assert speeds == [demo.SPEED, 1.0] * 2


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [([], "No text arrived at .1415555"), ([text("undelivered")], r"not delivered \(error 30005\)")],
)
def test_without_the_text_it_fails_and_says_where_to_look(emulator, capsys, messages, sentence):
    emulator.messages = messages

    assert demo.main() == 1
    assert re.search(sentence, capsys.readouterr().out)


def test_a_call_that_never_ends_fails(emulator, capsys):
    emulator.call = {**ANSWERED, "ended_at": None}

    assert demo.main() == 1
    assert "The call did not end" in capsys.readouterr().out


def test_without_a_stack_it_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(stack, "STACK_FILE", tmp_path / "none")

    assert demo.main() == 1
    assert "start it with `make run`" in capsys.readouterr().out


def test_a_stack_on_the_real_twilio_is_not_played_with(monkeypatch, tmp_path, capsys):
    (tmp_path / "stack.env").write_text("PORT=3701\n")
    monkeypatch.setattr(stack, "STACK_FILE", tmp_path / "stack.env")

    assert demo.main() == 1
    assert "real Twilio" in capsys.readouterr().out


def test_a_stack_that_has_just_died_is_noticed(monkeypatch, tmp_path, capsys):
    (tmp_path / "stack.env").write_text("EMULATOR_URL=http://127.0.0.1:9\n")
    monkeypatch.setattr(stack, "STACK_FILE", tmp_path / "stack.env")

    assert demo.main() == 1
    assert "is `make run` still running?" in capsys.readouterr().out


def test_errors_of_the_call_are_told():
    told = demo.describe(event(1, "error", call_sid=CALL, message="Got HTTP 500"), CALL)

    assert told == "    error: Got HTTP 500"


def test_progress_shows_seconds():
    screen = io.StringIO()

    with Output(screen).step("PostgreSQL"):
        pass

    assert screen.getvalue().endswith("  0.0 s\n")
