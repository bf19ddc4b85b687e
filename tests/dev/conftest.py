"""Helpers for tests that start and kill real servers."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from nevermisscall.dev.embedded import EmbeddedServices
from nevermisscall.lib.env import BASE_DIR


@pytest.fixture
def services(tmp_path):
    """Return a factory of service copies, one directory each; all are gone at the end."""
    made = []

    def make(name: str = "a") -> EmbeddedServices:
        copy = EmbeddedServices(tmp_path / name, durable=False)
        made.append(copy)
        return copy

    yield make
    for copy in made:
        copy.stop()
    for copy in made:
        copy.remove()


@pytest.fixture
def start_python():
    """Return a function that starts `python -c CODE` in the checkout; what still runs at the end is killed."""
    started = []

    def start(code: str, *arguments: str, prefix: tuple[str, ...] = (), **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", code, *arguments],
            cwd=BASE_DIR,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def eventually(condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Return whether `condition` comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
