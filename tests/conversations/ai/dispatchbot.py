"""Asking a DispatchBot that does not answer."""

import time as clock

import pytest

from conversations.ai.protocol import DispatcherError

DEADLINE = 0.6


def refused(ask, **options):
    """The error it raises, and the seconds it took."""
    started = clock.monotonic()
    with pytest.raises(DispatcherError) as caught:
        ask(**options)
    return caught.value, clock.monotonic() - started
