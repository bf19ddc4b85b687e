"""A hundred random requests at every endpoint of the API, made from its description; other ones in each run."""

import pytest

from tests.api.conftest import make_call, make_conversation, make_message, make_picture  # noqa: F401 - for `key`
from tests.api.described import acme, ask_everything, every_operation, key  # noqa: F401


@pytest.mark.fault("F19")
@every_operation
def test_answers_are_as_described(method, path, key, figure):  # noqa: F811
    figure(requests=ask_everything(method, path, key, max_examples=100))
