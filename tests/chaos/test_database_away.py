"""PostgreSQL stopped or frozen under 20 webhooks a second, and web processes killed meanwhile: the ledger balances."""

import signal
import time

import pytest

from nevermisscall.lib.env import BASE_DIR
from tests.faults.chart import Watch
from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic


@pytest.mark.fault("F8")
def test_postgresql_is_stopped_for_a_minute(away, say, figure):
    with Traffic(away) as traffic, Watch(ledger.counts(traffic)) as watch:
        time.sleep(5)
        with watch.band("PostgreSQL is stopped"):
            away.postgres.stop()
            time.sleep(60)
        away.postgres.start()
        time.sleep(20)
    watch.draw(BASE_DIR / "var/chaos/postgresql-away.svg", "Webhooks while PostgreSQL is stopped for a minute")

    assert ledger.check(traffic, recorded_within=30, say=say, figure=figure)["webhooks"] > 1000


@pytest.mark.fault("F9")
def test_postgresql_is_frozen_for_twenty_seconds(away, say, figure):
    with Traffic(away) as traffic:
        time.sleep(3)
        away.freeze_postgres()
        time.sleep(20)
        away.freeze_postgres(signal.SIGCONT)
        time.sleep(5)

    assert ledger.check(traffic, recorded_within=30, say=say, figure=figure)["max ms"] < 3500


@pytest.mark.fault("F1", "F8")
def test_the_web_server_is_killed_while_postgresql_is_away(away, say, figure):
    with Traffic(away) as traffic:
        time.sleep(3)
        away.postgres.stop()
        for _ in range(4):
            time.sleep(4)
            away.kill("web")
            away.start_process("web")
            wait_until(away.is_live, seconds=30)
        away.postgres.start()
        time.sleep(5)

    ledger.check(traffic, recorded_within=30, say=say, figure=figure)


@pytest.mark.fault("F7")
def test_postgresql_comes_and_goes(away, say, figure):
    with Traffic(away) as traffic:
        for _ in range(5):
            time.sleep(3)
            away.postgres.stop()
            time.sleep(2)
            away.postgres.start()
        time.sleep(3)

    ledger.check(traffic, recorded_within=30, say=say, figure=figure)
