"""One running product for all journeys of a test process."""

import pytest

from tests.journeys.stack import Stack


def pytest_collection_modifyitems(items):
    # One stack is enough: all journeys go to the same test process.
    for item in items:
        if "tests/journeys/" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("journeys"))
            item.add_marker(pytest.mark.timeout(300))  # the start of the product counts, on a busy machine too


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        running.business("+15005550100", "+15005550200")
        yield running
    finally:
        running.stop()


@pytest.fixture
def phone(stack):
    """The emulator, with no calls or faults of earlier tests."""
    stack.phone.clear_faults()
    return stack.phone


@pytest.fixture
def customer(request):
    """A caller nobody else has, so that no earlier text is within the cooldown."""
    customer.last = getattr(customer, "last", 1000) + 1
    return f"+1415555{customer.last}"
