"""Long fault runs against the running product: `make chaos`. Not part of `make test`."""

import sys

import pytest

from tests.journeys import ledger
from tests.journeys import traffic as t
from tests.journeys.conftest import stack  # noqa: F401 - the same running product
from tests.journeys.stack import Stack
from tests.journeys.waiting import write


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/chaos/" in item.nodeid:
            item.add_marker(pytest.mark.chaos)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def away(tmp_path_factory):
    """A product with a PostgreSQL that is nobody else's."""
    running = Stack(tmp_path_factory.mktemp("away"), own_postgres=True)
    try:
        running.start()
        running.business(t.BUSINESS, t.OWNER)
        running.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
        ledger.warm_up(running)
        yield running
        assert list((running.home / "journal" / "poison").iterdir()) == []
    finally:
        running.stop()


@pytest.fixture
def phone(stack):  # noqa: F811
    stack.phone.clear_faults()
    yield stack.phone
    stack.phone.clear_faults()


@pytest.fixture
def waiting(stack, phone):  # noqa: F811
    """Write waiting conversations; returns when each is due, by its id."""
    return lambda start, count, due: write(stack, start, count, due)


@pytest.fixture
def say(request):
    """Print a line of the report while the test runs."""
    plugins = request.config.pluginmanager
    terminal, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")

    def write(line: str) -> None:
        if terminal is None:  # a process of pytest-xdist
            sys.__stderr__.write(f"    {request.node.name}: {line}\n")
            return
        with capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write_line(f"    {line}")

    return write
