"""PostgreSQL fails over under 20 webhooks a second: for a while nothing may be changed."""

import contextlib
import time

import psycopg
import pytest

from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic

LATE = """
    SELECT coalesce(max(extract(epoch FROM a.started_at - c.started_at)), 0)
    FROM sms_sendattempt a JOIN sms_message m ON m.id = a.message_id JOIN calls_call c ON c.from_number = m.to_number
    WHERE m.to_number = ANY(%s)
"""


def check(traffic, say, figure) -> None:
    missed = [story.customer for story in traffic.stories if story.kind == "missed"]
    with contextlib.suppress(AssertionError):  # the ledger says what is missing
        wait_until(lambda: not any(ledger.violations(traffic).values()), seconds=60)
    [(latest,)] = traffic.stack.rows(LATE, missed)
    dead = traffic.stack.rows("SELECT count(*) FROM outbox_delivery WHERE dead_at IS NOT NULL")[0][0]
    ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    say(f"text at most {latest:.1f} s after the call began, {dead} dead letters")
    figure(texted_at_most_s=round(float(latest), 1), dead=dead)
    assert dead == 0


def connect(stack):
    return psycopg.connect(stack.database_url, autocommit=True)


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
