"""What cannot be recorded is set aside with its reason, holds up nothing, and can be tried again."""

from unittest import mock

import pytest
from django.db import OperationalError

from calls import services
from calls.models import Call
from nevermisscall.lib.database import breaker
from nevermisscall.webhooks.journal import files, poison
from nevermisscall.webhooks.journal.replaying import Replayer
from nevermisscall.webhooks.journal.writing import writer
from sms import receiving
from sms.models import Message
from tests.webhooks.journal.test_records import record

pytestmark = pytest.mark.django_db


def database_error(sqlstate: str) -> OperationalError:
    error = OperationalError("refused")
    error.__cause__ = Exception()
    error.__cause__.sqlstate = sqlstate
    return error


@pytest.mark.fault("F26")
def test_a_bug_holds_up_nothing_and_is_set_aside_with_its_reason(acme, twilio, away, monkeypatch, replay, logged):
    twilio.text("the first")
    twilio.incoming_call()
    with monkeypatch.context() as patched:
        patched.setattr(
            receiving, "receive_text", mock.create_autospec(receiving.receive_text, side_effect=KeyError("x"))
        )
        done = replay()

    assert (done.recorded, done.set_aside, files.waiting()) == (1, 1, [])
    [one] = poison.every()
    assert (one.record.kind, one.reason) == ("sms", "KeyError: 'x'")
    assert "set aside" in logged()

    assert poison.try_again({one.path}) == 1
    assert replay().recorded == 1
    assert Message.objects.get().body == "the first"
    assert poison.every() == []


def test_a_lock_is_waited_for_a_minute(acme, twilio, away, failing, monkeypatch):
    """A migration that builds an index locks its table for longer than a few rounds take."""
    replayer = Replayer()
    twilio.screen()
    writer.seal()
    failing(services, "screen_call", database_error("55P03"))
    rounds = []
    for seconds in (1000.0, 1059.0, 1061.0):
        monkeypatch.setattr("nevermisscall.webhooks.journal.replaying.monotonic", lambda now=seconds: now)
        rounds.append(replayer.round())

    assert [done.left for done in rounds] == [1, 1, 0]
    assert rounds[-1].set_aside == 1


def test_what_cannot_be_read_is_set_aside(acme, twilio, away, replay):
    twilio.incoming_call()
    writer.seal()
    [path] = files.waiting()
    path.write_bytes(b"rubbish" + path.read_bytes())

    assert replay().recorded == 1
    [one] = poison.every()
    assert (one.record, one.reason, one.path.read_bytes()) == (None, "damaged on disk", b"rubbish")
    assert poison.try_again({one.path}) == 0


def test_another_accounts_call_is_set_aside(acme, rival, twilio, away, replay, monkeypatch):
    twilio.incoming_call()
    replay()
    breaker.trip(60)
    form = f"CallSid={twilio.call_sid}&AccountSid=AC{'9' * 32}&DialCallStatus=busy".encode()
    uri = f"/webhooks/twilio/call/status/{twilio.call_sid}"
    writer.append(record(kind="dial", account_sid="AC" + "9" * 32, uri=uri, form=form))

    assert replay().set_aside == 1
    assert Call.objects.get().outcome == ""
