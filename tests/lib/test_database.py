"""Nobody waits for a database that is away: limits, the breaker, and what counts as away."""

import threading
from time import monotonic

import pytest
from django.db import DatabaseError, DataError, InterfaceError, InternalError, OperationalError, connection

from nevermisscall.lib import database
from nevermisscall.lib.database import Breaker


def failed(kind: type[Exception], sqlstate: str | None) -> Exception:
    error, cause = kind("failed"), Exception()
    cause.sqlstate = sqlstate
    error.__cause__ = cause
    return error


AWAY = {
    "no server": (OperationalError, None),
    "shutting down": (OperationalError, "57P01"),
    "starting up": (OperationalError, "57P03"),
    "too many connections": (OperationalError, "53300"),
    "disk full": (OperationalError, "53100"),
    "connection lost": (OperationalError, "08006"),
    "connection closed": (InterfaceError, None),
    "a replica": (InternalError, "25006"),
}
THERE = {
    "lock timeout": (OperationalError, "55P03"),
    "deadlock": (OperationalError, "40P01"),
    "canceled": (OperationalError, "57014"),
    "bad value": (DataError, "22001"),
    "a bug": (DatabaseError, None),
}


@pytest.mark.parametrize("what", [*AWAY, *THERE])
def test_what_counts_as_away(what):
    assert database.is_away(failed(*(AWAY | THERE)[what])) is (what in AWAY)


def test_the_breaker_closes_by_itself(time_machine):
    breaker = Breaker()
    breaker.trip(0.05)
    assert breaker.refuses
    threading.Event().wait(0.06)

    assert not breaker.refuses


def test_a_shorter_trip_does_not_end_a_longer_one():
    breaker = Breaker()
    breaker.trip(60)
    breaker.trip(0)
    assert breaker.is_open
    breaker.close()

    assert not breaker.is_open


def test_half_open_lets_one_thread_through():
    breaker = Breaker()
    breaker.trip(60)
    with breaker.half_open():
        others = []
        thread = threading.Thread(target=lambda: others.append(breaker.refuses))
        thread.start()
        thread.join()
        assert (breaker.refuses, others) == (False, [True])

    assert breaker.refuses


@pytest.mark.django_db(transaction=True)
def test_a_query_that_takes_too_long_is_cut_off_on_our_side():
    started = monotonic()
    with (
        pytest.raises(OperationalError) as caught,
        database.limit(0.2) as limit,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(5)")

    assert limit.overdue
    assert database.is_away(caught.value)
    assert monotonic() - started < 2
    connection.close()
    with connection.cursor() as cursor:  # the server has not noticed yet
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(5)'")
        assert cursor.rowcount == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_in_time_is_left_alone():
    for _ in range(3):
        with database.limit(0.5), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.15)")
        threading.Event().wait(0.15)
    with database.limit(0.2), connection.cursor() as cursor:  # time of our own is not the server's
        for _ in range(3):
            threading.Event().wait(0.25)
            cursor.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")


@pytest.mark.django_db(transaction=True)
def test_a_sign_of_life_is_asked_for_on_a_new_connection(monkeypatch):
    assert database.answers()
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "9")
    assert not database.answers()
    monkeypatch.undo()
    connection.close()
