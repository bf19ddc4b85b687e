"""Requests made from the API's description, at every endpoint: each is answered as the description says."""

import pytest

from tests.api.described import acme, ask_everything, every_operation, key  # noqa: F401 - Acme with one of everything


@pytest.mark.fault("F19")
@every_operation
def test_answers_are_as_described(method, path, key, figure):  # noqa: F811
    figure(requests=ask_everything(method, path, key, max_examples=5, derandomize=True))
