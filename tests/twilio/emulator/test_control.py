"""The control API, the phone page and the command line."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

from nevermisscall.twilio.emulator.control import EmulatorControl, EmulatorError
from nevermisscall.twilio.emulator.timeflow import Loop, Pace
from tests.twilio.emulator.conftest import ACCOUNT_SID, AUTH_TOKEN, BUSINESS, CUSTOMER, SPEED


def post(phone, path, **others):
    return requests.post(f"{phone.base_url}/emulator{path}", timeout=5, **others)


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/calls", {"to": BUSINESS}, "from is missing"),
        ("/calls", {"from": CUSTOMER, "to": BUSINESS, "colour": 1}, "unknown in call: colour"),
        ("/calls", {"from": CUSTOMER, "to": BUSINESS, "owner": "sleeps"}, "behaviour must be one of"),
        ("/calls", {"from": CUSTOMER, "to": BUSINESS, "owner": {"behaviour": "busy", "x": 1}}, "unknown in behaviour"),
        ("/calls", {"from": CUSTOMER, "to": BUSINESS, "owner": {"behaviour": "busy", "after": "5"}}, "after must be"),
        ("/calls", {"from": CUSTOMER, "to": BUSINESS, "caller": {"x": 1}}, "unknown in caller: x"),
        ("/calls", {"from": 1, "to": BUSINESS}, "1 is not a text"),
        ("/numbers", {"phone_number": BUSINESS, "x": "y"}, "unknown in number: x"),
        ("/numbers", {"phone_number": BUSINESS, "account_sid": "AC0"}, "there is no account AC0"),
        ("/destinations", {CUSTOMER: {"x": 1}}, "give error, delay or silent"),
        ("/settings", {"speed": 0}, "speed must be above 0"),
    ],
)
def test_mistakes_are_explained(phone, path, body, sentence):
    response = post(phone, path, json=body)

    assert response.status_code == 400
    assert sentence in response.json()["error"]


def test_only_json_is_accepted(phone):
    assert post(phone, "/reset", data="x").status_code == 400
    assert post(phone, "/reset").status_code == 400
    assert post(phone, "/reset", json=[1]).status_code == 400


def test_what_is_not_there_is_404(phone):
    for path in ("/calls/CA0", "/recordings/RE0.wav"):
        assert requests.get(f"{phone.base_url}/emulator{path}", timeout=5).status_code == 404
    with pytest.raises(EmulatorError, match="not a number of this account"):
        phone.place_call(from_=CUSTOMER, to="+15555550777")
    with pytest.raises(EmulatorError, match="no call CA0 is going on"):
        phone.hang_up("CA0")


def test_numbers_keep_their_sid_when_they_are_registered_again(phone):
    first = phone.add_number(BUSINESS, voice_url="http://127.0.0.1:9/a")
    second = phone.add_number(BUSINESS, voice_url="http://127.0.0.1:9/b")

    assert first["sid"] == second["sid"]
    assert requests.get(f"{phone.base_url}/emulator/numbers", timeout=5).json()["numbers"] == [second]


def test_extra_fields_reach_the_product(phone, product):
    product.on("/voice", "<Response/>")
    fields = {"CallerName": "ACME", "StirVerstat": "NULL", "ForwardedFrom": "+12025550111"}
    phone.wait_for_call(phone.place_call(from_="anonymous", to=BUSINESS, params=fields))

    [request] = product.at("/voice")
    assert {name: request[name] for name in fields} == fields
    assert (request["From"], request["FromCity"]) == ("anonymous", "")


def test_lone_surrogates_become_question_marks(phone, product):
    product.on("/sms", "<Response/>")
    post(
        phone,
        "/messages",
        data=b'{"from": "+14155550123", "to": "%s", "body": "a\\ud800b"}' % BUSINESS.encode(),
        headers={"Content-Type": "application/json"},
    )

    phone.wait_for_message(from_=CUSTOMER, containing="a?b")


def test_a_caller_can_be_made_to_hang_up_and_the_speed_changed_meanwhile(phone, product):
    product.on("/voice", '<Response><Pause length="600"/></Response>')
    phone.configure(speed=1)
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS)
    phone.hang_up(sid)

    assert phone.wait_for_call(sid)["status"] == "completed"
    assert [call["sid"] for call in phone.calls()] == [sid]


def test_a_reset_forgets_everything_but_the_numbers(phone, product):
    product.on("/voice", '<Response><Pause length="600"/></Response>')
    phone.configure(speed=1)
    phone.place_call(from_=CUSTOMER, to=BUSINESS)
    phone.set_faults({"kind": "error"})
    phone.reset()

    assert phone.calls() == phone.messages() == phone.ledger() == []
    assert requests.get(f"{phone.base_url}/emulator/faults", timeout=5).json()["rules"] == []
    assert phone.health()["numbers"] == [BUSINESS]
    assert phone.health()["speed"] == SPEED


def test_the_page_shows_the_state_and_needs_nothing_from_elsewhere(phone, product):
    product.on("/voice", "<Response><Say>Hi.</Say></Response>")
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS)
    phone.wait_for_call(sid)
    page = requests.get(phone.base_url, timeout=5)
    state = requests.get(f"{phone.base_url}/emulator/state", timeout=5).json()

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "src=" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert state["calls"][0]["heard"]["caller"] == ["Hi."]
    assert "voicemail" in state["behaviours"]


def test_waiting_ends_with_a_sentence(phone):
    with pytest.raises(TimeoutError, match="a text to"):
        phone.wait_for_message(to=CUSTOMER, timeout=0.05)


def test_the_command_line(product):
    environment = {
        **os.environ,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "EMULATOR_PORT": "0",
    }
    command = [
        sys.executable,
        "-m",
        "nevermisscall.twilio.emulator",
        "--voice-url",
        f"{product.url}/voice",
        "--speed",
        "50",
    ]
    product.on("/voice", "<Response><Say>Hi.</Say></Response>")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline().strip()
        phone = EmulatorControl(line.removeprefix("emulator ready "))
        call = phone.wait_for_call(phone.place_call(from_=CUSTOMER, to="+15555550777"))  # adopted: nobody registered it
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0

    assert call["heard"]["caller"] == ["Hi."]


def test_the_command_line_wants_credentials():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    command = [sys.executable, "-m", "nevermisscall.twilio.emulator"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "TWILIO_ACCOUNT_SID" in result.stderr


# --- virtual time ---


def test_tasks_run_in_the_order_of_their_time():
    loop, seen = Loop(Pace(1000)), []

    def wait(name, *seconds):
        for each in seconds:
            yield each
            seen.append((name, round(loop.now)))

    loop.spawn(wait("b", 5, 10))
    loop.run(loop.spawn(wait("a", 3, 4, 9)))

    assert seen == [("a", 3), ("b", 5), ("a", 7), ("b", 15), ("a", 16)]


def test_a_loop_can_be_called_from_another_thread_while_it_waits_forever():
    loop = Loop(Pace(1))

    def wait():
        assert (yield float("inf")) is True

    task = loop.spawn(wait())
    threading.Timer(0.05, lambda: loop.post(lambda: loop.wake(task))).start()
    loop.run(task)

    assert task.done
    assert loop.now < 1


def test_a_phone_whose_script_is_broken_does_not_leave_a_call_without_end():
    loop = Loop(Pace(1))

    def broken():
        yield 0.0
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        loop.run(loop.spawn(broken()))


def test_a_call_that_waits_for_another_counts_that_ones_work_one_to_one():
    pace = Pace(1000)
    outer = Loop(pace)
    inner = Loop(pace, outer=outer)

    def wait():
        yield 150

    def work():
        with inner.at_work():
            time.sleep(0.3)
        yield 1

    waiting = threading.Thread(target=lambda: outer.run(outer.spawn(wait())))
    waiting.start()
    inner.run(inner.spawn(work()))
    early = waiting.is_alive()
    waiting.join()

    assert early
    assert inner.now < 2
