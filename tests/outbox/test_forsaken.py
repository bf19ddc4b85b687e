"""A worker that is frozen in the middle of a transaction, or whose machine is gone, holds no lock for ever."""

import pytest
from django.db import connection

from nevermisscall import celery


@pytest.fixture
def of_a_worker(transactional_db, monkeypatch):
    """The connection is one of a worker process."""
    monkeypatch.setenv("PGOPTIONS", "")
    monkeypatch.delenv("PGOPTIONS")
    connection.close()
    celery._end_forsaken_transactions()
    yield
    connection.close()


def test_the_server_ends_a_silent_transaction_of_a_worker(of_a_worker):
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")

        assert cursor.fetchone() == ("30s",)
