"""What PostgreSQL says while it fails over, for a failpoint on every statement:

psycopg.cursor:Cursor.execute before raise=tests.faults.database:failure 5%
"""

import itertools

import psycopg
from django.db import connection

_kinds = itertools.cycle(
    [
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.errors.AdminShutdown,
    ]
)


def failure(message: str) -> psycopg.Error:
    """Return the next kind of error; one that ends the connection of this thread has ended it."""
    kind = next(_kinds)
    if kind is psycopg.errors.AdminShutdown and connection.connection is not None:
        connection.connection.close()
    return kind(message)
