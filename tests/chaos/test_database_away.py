"""PostgreSQL stopped, frozen or killed under 20 webhooks a second, and the web server with it: the ledger balances."""

import signal
import time
from pathlib import Path

import pytest

from nevermisscall.lib.env import BASE_DIR
from tests.faults.chart import Watch
from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic


@pytest.mark.fault("F8")
def test_postgresql_is_stopped_for_a_minute(away, say, figure):
    with Traffic(away) as undisturbed:
        time.sleep(10)
    usual = ledger.answers(undisturbed)["p99 ms"]
    with Traffic(away) as traffic, Watch(ledger.counts(traffic)) as watch:
        time.sleep(5)
        with watch.band("PostgreSQL is stopped"):
            away.postgres.stop()
            time.sleep(60)
        away.postgres.start()
        back = time.monotonic()
        waiting = watch.now("answered 2xx")
        wait_until(lambda: (watch.now("recorded in PostgreSQL") or 0) >= waiting, seconds=30)
        recorded_after = time.monotonic() - back
        time.sleep(max(0.0, 20 - recorded_after))
    watch.draw(BASE_DIR / "var/chaos/postgresql-away.svg", "Webhooks while PostgreSQL is stopped for a minute")

    answered = ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    say(f"what waited was recorded {recorded_after:.1f} s after PostgreSQL's return; p99 without that {usual} ms")
    figure(recorded_after_its_return_s=round(recorded_after, 1), usual_p99_ms=usual)
    assert answered["webhooks"] > 1000
    assert answered["p99 ms"] <= max(300, 3 * usual)


@pytest.mark.fault("F9")
def test_postgresql_is_frozen_for_thirty_seconds(away, say, figure):
    """After a first freeze, which lets every pool grow as far as it does, a long one leaves nothing behind."""
    with Traffic(away) as first:
        freeze(away, 5)
    ledger.check(first, recorded_within=120)
    before = threads_and_connections(away)
    with Traffic(away) as traffic:
        time.sleep(2)
        freeze(away, 30)
        time.sleep(5)

    answered = ledger.check(traffic, recorded_within=120, say=say, figure=figure)
    assert (answered["p99 ms"] < 2500, answered["max ms"] < 3500) == (True, True)
    after = threads_and_connections(away)
    say(f"threads and connections before {before}, after {after}")
    figure(threads=f"{before[0]}, then {after[0]}", connections=f"{before[1]}, then {after[1]}")
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1] + 2


def freeze(away, seconds):
    away.freeze_postgres()
    time.sleep(seconds)
    away.freeze_postgres(signal.SIGCONT)


def threads_and_connections(away) -> tuple[int, int]:
    """Count the threads of the web processes and what everybody has open at PostgreSQL."""
    threads = sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in away.children("web"))
    open_now = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return threads, away.rows(open_now)[0][0]


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

    ledger.check(traffic, recorded_within=120, say=say, figure=figure)


@pytest.mark.fault("F7")
def test_postgresql_is_killed_ten_times(away, say, figure):
    with Traffic(away) as traffic:
        for _ in range(10):
            time.sleep(2)
            away.postgres.process.kill()
            away.postgres.process.wait()  # or it would keep its lock as a zombie
            time.sleep(2)
            away.postgres.start()
        time.sleep(3)

    ledger.check(traffic, recorded_within=120, say=say, figure=figure)
