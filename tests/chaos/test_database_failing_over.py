"""PostgreSQL fails over under 20 webhooks a second: statements fail, connections are reset, nothing may be changed."""

import contextlib
import threading
import time

import psycopg
import pytest

from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic

FAILING = "psycopg.cursor:Cursor.execute before raise=tests.faults.database:failure 5%"
LATE = """
    SELECT coalesce(max(extract(epoch FROM a.started_at - c.started_at)), 0)
    FROM sms_sendattempt a JOIN sms_message m ON m.id = a.message_id JOIN calls_call c ON c.from_number = m.to_number
    WHERE m.to_number = ANY(%s)
"""


def check(traffic, say, figure, **more) -> None:
    missed = [story.customer for story in traffic.stories if story.kind == "missed"]
    with contextlib.suppress(AssertionError):  # the ledger says what is missing
        wait_until(lambda: not any(ledger.violations(traffic).values()), seconds=60)
    [(latest,)] = traffic.stack.rows(LATE, missed)
    dead = traffic.stack.rows("SELECT count(*) FROM outbox_delivery WHERE dead_at IS NOT NULL")[0][0]
    ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    say(f"text at most {latest:.1f} s after the call began, {dead} dead letters, {more or ''}")
    figure(texted_at_most_s=round(float(latest), 1), dead=dead, **more)
    assert dead == 0


def connect(stack):
    return psycopg.connect(stack.database_url, autocommit=True)


@pytest.mark.fault("F10")
def test_five_percent_of_all_statements_fail(away, say, figure):
    """Deadlocks, serialization errors, read-only, connections reset: in turn, in the web processes and the worker."""
    for name in ("web", "worker"):
        away.kill(name)
        away.start_process(name, failpoints=FAILING)
    wait_until(away.is_live, seconds=60)
    time.sleep(3)
    with Traffic(away) as traffic:
        time.sleep(30)
    for name in ("web", "worker"):
        away.kill(name)
        away.start_process(name)
    wait_until(away.is_live, seconds=60)

    check(traffic, say, figure)


@pytest.mark.fault("F10")
def test_every_connection_is_ended_each_second(away, say, figure):
    ended, stop = [], threading.Event()

    def end_all() -> None:
        with connect(away) as admin:
            while not stop.wait(1.0):
                query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s"
                ended.append(admin.execute(query, ["nevermisscall"]).fetchone()[0])

    with Traffic(away) as traffic:
        time.sleep(2)
        ending = threading.Thread(target=end_all)
        ending.start()
        time.sleep(20)
        stop.set()
        ending.join()
        time.sleep(3)

    assert sum(ended) > 100
    check(traffic, say, figure, connections_ended=sum(ended))


@pytest.mark.fault("F10")
def test_nothing_may_be_changed_for_five_seconds(away, say, figure):
    with Traffic(away) as traffic, connect(away) as admin:
        time.sleep(3)
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        time.sleep(5)
        admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
        admin.execute("SELECT pg_reload_conf()")
        time.sleep(5)

    check(traffic, say, figure)
