"""How late timers run: rows of the outbox that become due one by one while ten thousand others wait."""

import time
from dataclasses import dataclass

import psycopg

from bench.apps import TIMER_NAME, TIMER_TOPIC
from bench.stack import Stack

OUTSTANDING = 10_000
DUE = 2_000
PER_SECOND = 100
LEAD_SECONDS = 2  # between writing the rows and the first due time
BURST = 1_000  # due at the same moment: how fast a backlog goes
PATIENCE_SECONDS = 15


@dataclass(frozen=True)
class Timers:
    """Milliseconds late for each timer, by the database's clock; nothing rings for them, the sweeper finds them."""

    lateness: list[float]
    lost: int
    doubled: int
    worker: float  # ms of CPU for each timer
    postgres: float
    burst_per_second: float


def measure(stack: Stack) -> Timers:
    """Run one worker process over the outstanding timers, then over a backlog."""
    with stack.database() as database:
        database.execute("CREATE TABLE IF NOT EXISTS bench_due (fact_id uuid PRIMARY KEY, at timestamptz)")
        database.execute("CREATE TABLE IF NOT EXISTS bench_done (fact_id uuid, at timestamptz)")
        _insert(database, OUTSTANDING, "clock_timestamp() + interval '1 day'")
        database.execute("ANALYZE outbox_delivery")
        first = f"statement_timestamp() + interval '{LEAD_SECONDS} seconds'"
        _insert(database, DUE, f"{first} + i * interval '1 second' / {PER_SECOND}")
        meter = stack.meter("worker", "postgres")
        time.sleep(LEAD_SECONDS + DUE / PER_SECOND)
        _wait_until_done(database, DUE)
        used = meter.used()
        lateness = _lateness(database)
        done, different = _row(database, "SELECT count(*), count(DISTINCT fact_id) FROM bench_done")
        return Timers(
            lateness=lateness,
            lost=DUE - different,
            doubled=done - different,
            worker=used["worker"] / DUE,
            postgres=used["postgres"] / DUE,
            burst_per_second=_burst(database),
        )


def _insert(database: psycopg.Connection, how_many: int, due: str) -> None:
    """Write facts and their deliveries, due at an SQL expression in which `i` counts from 1."""
    database.execute(
        f"""
        WITH timer AS MATERIALIZED (
            SELECT gen_random_uuid() AS id, {due} AS due FROM generate_series(1, %(how_many)s) AS i
        ), fact AS (
            INSERT INTO outbox_fact (id, topic, version, aggregate, sequence, data, occurred_at)
            SELECT id, %(topic)s, 1, 'bench:' || id, 1, '{{}}', clock_timestamp() FROM timer
        ), known AS (
            INSERT INTO bench_due SELECT id, due FROM timer
        )
        INSERT INTO outbox_delivery (fact_id, subscriber, next_attempt_at, attempts, last_error)
        SELECT id, %(name)s, due, 0, '' FROM timer
        """,
        {"how_many": how_many, "topic": TIMER_TOPIC, "name": TIMER_NAME},
    )


def _lateness(database: psycopg.Connection) -> list[float]:
    rows = database.execute(
        "SELECT extract(epoch FROM min(done.at) - due.at) * 1000"
        " FROM bench_done done JOIN bench_due due USING (fact_id) GROUP BY fact_id, due.at"
    )
    return [float(row[0]) for row in rows]


def _burst(database: psycopg.Connection) -> float:
    """Return how many timers a second one worker gets through when all are due at once."""
    before = _row(database, "SELECT count(*) FROM bench_done")[0]
    _insert(database, BURST, "statement_timestamp()")
    started = time.monotonic()
    reached = _wait_until_done(database, before + BURST) - before
    return reached / (time.monotonic() - started)


def _wait_until_done(database: psycopg.Connection, how_many: int) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        done: int = _row(database, "SELECT count(*) FROM bench_done")[0]
        if done >= how_many or time.monotonic() > deadline:
            return done
        time.sleep(0.1)


def _row(database: psycopg.Connection, query: str) -> tuple[int, ...]:
    row = database.execute(query).fetchone()
    assert row is not None
    return row
