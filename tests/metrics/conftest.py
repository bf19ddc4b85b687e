"""What the tests of the figures share with those of the API."""

from tests.api.conftest import make_message  # noqa: F401 - a fixture
