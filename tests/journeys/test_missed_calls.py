"""A missed call becomes a text: the whole path on the running product."""

import os
import signal
import threading
import time

import pytest

from nevermisscall.twilio.emulator import control
from tests.journeys.stack import wait_until

BUSINESS, OWNER = "+15005550100", "+15005550200"

BEHAVIOURS = {
    "answers and presses 1": (control.answers(talk=5), "answered", "", 0),
    "answers and does not press": (control.answers_no_press(), "missed", "not_accepted", 1),
    "declines": (control.declines(), "missed", "busy", 1),
    "busy": (control.busy(), "missed", "busy", 1),
    "no answer": (control.no_answer(), "missed", "no_answer", 1),
    "voicemail picks up at 12 s": (control.voicemail(after=12), "missed", "not_accepted", 1),
    "caller hangs up first": (control.caller_hangs_up(after=6), "missed", "abandoned", 1),
    "number fails": (control.fails(), "missed", "failed", 1),
    "phone forwards back to us": (control.forwards_back(), "missed", "busy", 1),
}


def outcome_of(stack, call_sid):
    found = stack.rows("SELECT outcome, missed_reason FROM calls_call WHERE call_sid = %s", call_sid)
    return found[0] if found and found[0][0] else None


def texts_after_settling(stack, customer, expected):
    """Wait for the expected texts, then a little longer for one too many."""
    if expected:
        wait_until(lambda: len(stack.texts_to(customer)) >= expected)
    time.sleep(0.6)
    return stack.texts_to(customer)


@pytest.mark.parametrize(("owner", "outcome", "reason", "texts"), BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_each_owner_behaviour_has_its_outcome_and_texts(stack, phone, customer, owner, outcome, reason, texts):
    call_sid = phone.place_call(from_=customer, to=BUSINESS, owner=owner)
    phone.wait_for_call(call_sid)

    assert wait_until(lambda: outcome_of(stack, call_sid)) == (outcome, reason)
    found = texts_after_settling(stack, customer, texts)
    assert len(found) == texts
    assert all(text["body"].startswith("Hi! I missed your call") for text in found)


@pytest.mark.fault("F14", "F15")
@pytest.mark.parametrize(
    "trouble",
    [{"duplicate": 3}, {"concurrent": 5}, {"shuffle": True, "delay_seconds": 2}],
    ids=["repeated", "at once", "reordered and late"],
)
@pytest.mark.parametrize("owner", ["answers", "no_answer", "caller_hangs_up"])
def test_repeated_reordered_and_late_webhooks_change_nothing(stack, phone, customer, owner, trouble):
    phone.set_faults(webhooks=trouble)
    behaviour = {"answers": control.answers(talk=5)}.get(owner, owner)
    call_sid = phone.place_call(from_=customer, to=BUSINESS, owner=behaviour)
    phone.wait_for_call(call_sid)

    expected = {
        "answers": ("answered", "", 0),
        "no_answer": ("missed", "no_answer", 1),
        "caller_hangs_up": ("missed", "abandoned", 1),
    }[owner]
    assert wait_until(lambda: outcome_of(stack, call_sid)) == expected[:2]
    assert len(texts_after_settling(stack, customer, expected[2])) == expected[2]


def test_twenty_copies_of_the_dial_result_at_once_give_one_text(stack, phone, customer):
    call_sid, leg_sid = "CA" + os.urandom(16).hex(), "CA" + os.urandom(16).hex()
    call = {"CallSid": call_sid, "AccountSid": "AC" + "e" * 32, "From": customer, "To": BUSINESS}
    stack.post_signed("/webhooks/twilio/call", {**call, "CallStatus": "ringing"})
    dial = {**call, "CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialCallSid": leg_sid}
    barrier, answers = threading.Barrier(20), []

    def post():
        barrier.wait()
        answers.append(stack.post_signed(f"/webhooks/twilio/call/status/{call_sid}", dial))

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(texts_after_settling(stack, customer, 1)) == 1


def test_a_withheld_caller_is_forwarded_and_the_owner_is_told(stack, phone):
    before = len(stack.texts_to(OWNER))
    call_sid = phone.place_call(from_="+266696687", to=BUSINESS, owner=control.no_answer())
    phone.wait_for_call(call_sid)

    alert = wait_until(lambda: stack.texts_to(OWNER)[before:])[0]
    assert "missed call from a withheld number" in alert["body"]


def test_a_landline_is_told_to_the_owner(stack, phone):
    """+15005550009 is refused by Twilio as not a mobile number (21614)."""
    before = len(stack.texts_to(OWNER))
    phone.wait_for_call(phone.place_call(from_="+15005550009", to=BUSINESS, owner=control.no_answer()))

    alert = wait_until(lambda: stack.texts_to(OWNER)[before:])[0]
    assert "it is a landline" in alert["body"]
    assert stack.rows("SELECT is_landline FROM tenants_contact WHERE number = '+15005550009'") == [(True,)]


@pytest.mark.fault("F6")
def test_with_redis_gone_the_text_is_seconds_late_at_most(stack, phone, customer):
    redis = stack.redis.redis.process
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        call_sid = phone.place_call(from_=customer, to=BUSINESS, owner=control.busy())
        wait_until(lambda: outcome_of(stack, call_sid))
        started = time.monotonic()
        wait_until(lambda: stack.texts_to(customer), seconds=5)
        assert time.monotonic() - started < 2.5
    finally:
        os.kill(redis.pid, signal.SIGCONT)
    assert len(texts_after_settling(stack, customer, 1)) == 1


@pytest.mark.fault("F2")
def test_killing_the_worker_mid_send_loses_and_doubles_nothing(stack, phone, customer):
    phone.set_faults({"kind": "slow", "seconds": 3, "times": 1, "to": customer})
    phone.place_call(from_=customer, to=BUSINESS, owner=control.busy())
    wait_until(lambda: stack.rows("SELECT 1 FROM sms_message WHERE to_number = %s AND status = 'sending'", customer))
    stack.kill("worker")
    stack.start_process("worker")

    settled = "SELECT message_sid FROM sms_message WHERE to_number = %s AND status IN ('sent', 'delivered')"
    [(message_sid,)] = wait_until(lambda: stack.rows(settled, customer), seconds=30)
    assert [text["sid"] for text in stack.texts_to(customer)] == [message_sid]


def test_connections_that_died_are_replaced(stack, phone, customer):
    """As after a restart of PostgreSQL: every connection of every process ends at once."""
    mine = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _ in range(2):
        stack.rows(mine)
        call_sid = phone.place_call(from_=customer, to=BUSINESS, owner=control.busy())
        phone.wait_for_call(call_sid)
        assert wait_until(lambda call_sid=call_sid: outcome_of(stack, call_sid)) == ("missed", "busy")

    assert len(texts_after_settling(stack, customer, 1)) == 1


def test_the_worker_keeps_its_connections(stack, phone):
    count = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
    for n in range(3):
        phone.wait_for_call(phone.place_call(from_=f"+1415556{1000 + n}", to=BUSINESS, owner=control.busy()))
    time.sleep(1.5)
    before = stack.rows(count)[0][0]
    for n in range(10):
        phone.place_call(from_=f"+1415556{2000 + n}", to=BUSINESS, owner=control.busy())
    wait_until(lambda: len(stack.texts_to("+14155562009")) == 1)
    time.sleep(1.5)

    assert stack.rows(count)[0][0] - before < 30  # ours here among them; with one for each task it is over a hundred
