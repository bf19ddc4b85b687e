"""A database that is away, and functions that fail."""

from unittest import mock

import pytest

from nevermisscall.lib.database import breaker


@pytest.fixture
def away():
    """The database counts as away from now on."""
    breaker.trip(60)


@pytest.fixture
def failing(monkeypatch):
    """Let a function raise, until the test ends it."""

    def fail(module, name: str, error: Exception):
        patched = mock.create_autospec(getattr(module, name), side_effect=error)
        monkeypatch.setattr(module, name, patched)
        return patched

    return fail
