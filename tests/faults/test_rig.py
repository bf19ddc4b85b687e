"""The tools that break things do break them, and the report says so."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.faults.chart import draw
from tests.faults.proxy import Proxy

TESTS = Path(__file__).parents[1]


# -- the proxy --------------------------------------------------------------------------------------------------------


@pytest.fixture
def echo():
    """A server that says everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_say_back, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _say_back(connection):
    with connection, contextlib.suppress(OSError):
        while piece := connection.recv(4096):
            connection.sendall(piece)


@pytest.fixture
def proxy(echo):
    with Proxy("127.0.0.1", echo) as running:
        yield running


def ask(proxy, words=b"hello", timeout=5.0):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout) as connection:
        connection.sendall(words)
        answer = b""
        while len(answer) < len(words) and (piece := connection.recv(4096)):
            answer += piece
        return answer


def test_a_proxy_passes_on_until_it_is_told_otherwise(proxy):
    assert ask(proxy, b"a" * 100_000) == b"a" * 100_000


def test_a_proxy_delays_and_trickles(proxy):
    proxy.delay(0.1)
    began = time.monotonic()
    assert ask(proxy) == b"hello"
    assert time.monotonic() - began >= 0.19

    proxy.behave()
    proxy.trickle(1000)
    began = time.monotonic()
    assert ask(proxy, b"a" * 200) == b"a" * 200
    assert time.monotonic() - began >= 0.15


def test_a_proxy_swallows_and_comes_back(proxy):
    proxy.swallow()
    with pytest.raises(TimeoutError):
        ask(proxy, timeout=0.2)

    proxy.behave()
    assert ask(proxy) == b"hello"


def test_a_proxy_resets_and_cuts(proxy):
    proxy.cut_after(3)
    with pytest.raises(ConnectionResetError):
        assert ask(proxy) == b""

    proxy.behave()
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        ask(proxy)


# -- failpoints -------------------------------------------------------------------------------------------------------

PROGRAM = """#!/usr/bin/env python
import email.utils
for _ in range(3):
    try:
        print(email.utils.quote('a'), flush=True)
    except OSError as error:
        print(error, flush=True)
"""


@pytest.fixture
def run(tmp_path):
    """Run a small program with a failpoint in it."""
    program = tmp_path / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)

    def run(failpoints):
        environment = {**os.environ, "FAILPOINTS": failpoints, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run(
            [sys.executable, "-m", "tests.faults.failpoints", "program"],
            cwd=TESTS.parent,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


def test_a_failpoint_kills_at_the_time_it_names(run):
    done = run("email.utils:quote before kill 2")

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "a\n")


def test_a_failpoint_raises_again_and_again(run):
    done = run("email.utils:quote after raise=builtins:OSError 2+")

    assert (done.returncode, done.stdout) == (0, "a\nfailpoint\nfailpoint\n")


def test_a_failpoint_that_makes_no_sense_says_so(run):
    done = run("email.utils:quote sometimes kill")

    assert done.returncode == 1
    assert "before|after" in done.stderr


# -- the chart --------------------------------------------------------------------------------------------------------


def test_a_chart_has_each_line_and_each_band():
    picture = draw("Outage <1>", {"answered": [(0.0, 0.0), (10.0, 200.0)], "recorded": []}, [(2.0, 5.0, "stopped")])

    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert 'points="60.0,280.0 744.0,46.0"' in picture
    assert all(words in picture for words in ("Outage &lt;1&gt;", "answered", "recorded", "stopped", "10 s"))


# -- the report -------------------------------------------------------------------------------------------------------


def test_the_report_tells_what_held_and_what_did_not(tmp_path):
    (tmp_path / "test_them.py").write_text(
        "import pytest\n"
        "@pytest.mark.fault('F1')\n"
        "def test_holds(figure):\n    figure(events=1200, lost=0, doubled=0, p99_ms=40)\n"
        "@pytest.mark.fault('F2', 'F27')\n"
        "def test_breaks(figure):\n    figure(events=10, lost=2)\n    assert False\n"
        "@pytest.mark.fault('F3')\n"
        "def test_skips():\n    pytest.skip('no second worker')\n"
        "@pytest.mark.fault('F4')\n"
        "def test_holds_too():\n    pass\n"
        "@pytest.mark.fault('F4')\n"
        "def test_ends_the_run():\n    pytest.exit('enough')\n"
    )
    where = ["-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path)]
    plugins = ["-p", "tests.faults.report", "-p", "no:django", "-p", "no:cacheprovider"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--fault-report", str(tmp_path / "report.md"), *where],
        cwd=TESTS.parent,
        capture_output=True,
    )

    report = (tmp_path / "report.md").read_text()
    assert "**1 of 28 rows held. 1,210 events: 2 lost, 0 doubled.**" in report
    verdicts = dict(re.findall(r"^\| (F\d+) \|.*\| ([^|]+) \| \d+ \|$", report, re.M))
    assert (verdicts["F1"], verdicts["F2"], verdicts["F3"]) == ("held", "**BROKEN**", "**not run**")
    assert (verdicts["F4"], verdicts["F27"]) == ("**not run to the end**, 1 left", "**BROKEN**")
    assert verdicts["F5"] == "**not run**"
    assert "p99 ms 40" in report
    assert "no second worker" in report
