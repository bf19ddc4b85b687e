"""PostgreSQL stops, or stands still, and comes back: nobody on the phone notices, and nothing is lost."""

import signal
import time

import pytest

from tests.journeys import ledger
from tests.journeys import traffic as t
from tests.journeys.stack import Stack, wait_until
from tests.journeys.traffic import Traffic


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A product with a PostgreSQL that is nobody else's."""
    running = Stack(tmp_path_factory.mktemp("away"), own_postgres=True)
    try:
        running.start()
        running.business(t.BUSINESS, t.OWNER)
        ledger.warm_up(running)
        yield running
    finally:
        running.stop()


@pytest.mark.fault("F7")
def test_nothing_is_lost_while_postgresql_is_stopped(stack):
    with Traffic(stack) as traffic:
        time.sleep(1)
        stack.postgres.stop()
        time.sleep(4)
        stack.postgres.start()
        time.sleep(2)

    ledger.check(traffic, recorded_within=15)


@pytest.mark.fault("F9")
def test_a_frozen_postgresql_holds_a_caller_up_for_a_moment_only(stack):
    with Traffic(stack) as traffic:
        time.sleep(1)
        stack.freeze_postgres()
        time.sleep(5)
        stack.freeze_postgres(signal.SIGCONT)
        time.sleep(1)

    assert ledger.check(traffic, recorded_within=15)["max ms"] < 3500


@pytest.mark.fault("F7")
def test_a_web_server_that_starts_without_postgresql_forwards_calls(stack):
    stack.postgres.stop()
    stack.kill("web")
    stack.start_process("web")
    wait_until(lambda: stack.is_live(), seconds=30)
    with Traffic(stack) as traffic:
        time.sleep(1)
    stack.postgres.start()

    ledger.check(traffic, recorded_within=15)


def test_the_log_says_so_once_for_each_webhook(stack):
    log = (stack.home / "web.log").read_text(errors="replace")

    assert "Database connection failed: webhook answered from memory, to be recorded later" in log
