"""Long fault runs against the running product: `make chaos`. Not part of `make test`."""

import pytest

from tests.journeys.conftest import stack  # noqa: F401 - the same running product


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/chaos/" in item.nodeid:
            item.add_marker(pytest.mark.chaos)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture
def phone(stack):  # noqa: F811
    stack.phone.clear_faults()
    yield stack.phone
    stack.phone.clear_faults()


@pytest.fixture
def say(request):
    """Print a line of the report while the test runs."""
    plugins = request.config.pluginmanager
    terminal, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")

    def write(line: str) -> None:
        with capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write_line(f"    {line}")

    return write
