"""PostgreSQL breaks off a webhook's transaction, or a worker's: it is tried again, and happens once."""

import threading
from dataclasses import replace

import psycopg
import pytest
from django.db import connection, connections

from calls import services
from calls.models import Call
from nevermisscall.lib import database
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.lib.database import breaker
from nevermisscall.outbox import work
from nevermisscall.webhooks.journal import files
from sms import sending
from sms.models import Message, Status
from sms.services import send_message
from tenants.compliance import Purpose
from tests.fixtures.people import CUSTOMER
from tests.outbox.test_sweeper import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault("F10")]
WAITS = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture
def other():
    """Somebody else at the same database; patient, so that PostgreSQL breaks off the product's transaction."""
    settings = connection.get_connection_params()
    for ours in ("cursor_factory", "context", "server_side_binding", "prepare_threshold"):
        settings.pop(ours, None)
    with psycopg.connect(**settings) as opened:
        opened.execute("SET deadlock_timeout = '20s'")
        opened.commit()
        yield opened
        opened.rollback()


@pytest.fixture
def meanwhile(monkeypatch):
    """Run something of the product's in a thread; returns its connection's pid and a way to wait for the result."""
    # PostgreSQL looks for a deadlock once, when the wait is so old: by then the other has to wait too.
    monkeypatch.setattr(database, "WEBHOOK_SECONDS", 20)
    threads = []

    def start(work_of_theirs, *settings: str):
        pid, results = [], []

        def run() -> None:
            try:
                with connection.cursor() as cursor:
                    for statement in ("SET deadlock_timeout = '1500ms'", *settings):
                        cursor.execute(statement)
                    cursor.execute("SELECT pg_backend_pid()")
                    pid.extend(cursor.fetchone())
                results.append(work_of_theirs())
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        threads.append(thread)
        thread.start()
        wait_until(lambda: pid)

        def result():
            thread.join(20)
            return results[0]

        return pid[0], result

    yield start
    for thread in threads:
        thread.join(20)


def wait_for_lock(other: psycopg.Connection, pid: int) -> None:
    with psycopg.connect(other.info.dsn, password=other.info.password) as looking:
        wait_until(lambda: looking.execute(WAITS, [pid]).fetchone() == (True,))


def test_a_webhook_that_ends_a_deadlock_is_tried_again(acme, twilio, other, meanwhile):
    twilio.incoming_call()
    other.execute("SELECT 1 FROM calls_call FOR UPDATE")
    pid, result = meanwhile(lambda: twilio.dial_action(DialCallStatus="busy"))
    wait_for_lock(other, pid)
    other.execute("LOCK TABLE webhooks_webhookreceipt IN SHARE MODE")  # returns once the webhook was broken off
    other.rollback()

    assert result().status_code == 200
    assert Call.objects.get().missed_reason == "busy"
    assert files.waiting() == []


def test_a_webhook_that_cannot_be_serialized_is_tried_again(acme, twilio, other, meanwhile):
    twilio.incoming_call()
    other.execute("UPDATE calls_call SET answered_by = answered_by")
    pid, result = meanwhile(
        lambda: twilio.dial_action(DialCallStatus="busy"), "SET default_transaction_isolation = 'repeatable read'"
    )
    wait_for_lock(other, pid)
    other.commit()

    assert result().status_code == 200
    assert Call.objects.get().missed_reason == "busy"
    assert files.waiting() == []


def test_what_follows_a_webhook_that_collides_again_and_again_does_not_overtake_it(
    acme, twilio, replay, monkeypatch, journaled
):
    twilio.incoming_call()
    with monkeypatch.context() as patched:
        patched.setattr(services, "accept_call", collide)
        twilio.press("1")
    twilio.dial_action(DialCallStatus="completed", DialBridged="true")
    assert len(journaled()) == 2
    breaker.close()
    replay()

    assert Call.objects.get().outcome == "answered"


def collide(**_) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$")


def test_a_text_whose_sender_ends_a_deadlock_is_sent_once(acme, twilio_api, other, meanwhile):
    first, text = (
        send_message(
            number=acme.numbers.get(),
            to_number=CUSTOMER,
            body="Hello",
            purpose=Purpose.MISSED_CALL,
            idempotency_key=f"collision {n}",
        )
        for n in range(2)
    )
    assert work.run_one(sending.QUEUE, first.pk)
    other.execute("SELECT 1 FROM sms_senderpace FOR UPDATE")
    pid, result = meanwhile(lambda: work.run_one(sending.QUEUE, text.pk))
    wait_for_lock(other, pid)
    other.execute("SELECT 1 FROM sms_message FOR UPDATE")  # returns once the sender was broken off
    other.rollback()

    assert result() is False
    text.refresh_from_db()
    assert (text.status, "deadlock" in text.last_error) == (Status.QUEUED, True)
    Message.objects.filter(pk=text.pk).update(next_attempt_at=DatabaseClock())
    assert work.run_one(sending.QUEUE, text.pk)
    assert len(twilio_api.messages(to=CUSTOMER)) == 2


def test_work_whose_connection_ended_is_due_again_at_once_and_not_when_its_lease_ends(acme, twilio_api, monkeypatch):
    text = send_message(
        number=acme.numbers.get(),
        to_number=CUSTOMER,
        body="Hello",
        purpose=Purpose.MISSED_CALL,
        idempotency_key="cut off",
    )

    def cut_off(message) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    assert not work.run_one(replace(sending.QUEUE, handle=cut_off), text.pk)
    text.refresh_from_db()

    assert text.lease_until is None
    assert "terminating connection" in text.last_error


@pytest.mark.parametrize("is_read_only", [False, True])
def test_a_server_that_takes_no_changes_does_not_count_as_back(is_read_only):
    name = connection.settings_dict["NAME"]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f'ALTER DATABASE "{name}" SET default_transaction_read_only = {"on" if is_read_only else "off"}'
            )
        assert database.answers() is not is_read_only
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        connection.close()
