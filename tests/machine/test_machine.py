"""Whatever happens in whatever order, the product does what `model` says.

A story is a few dozen steps drawn by Hypothesis, others in each run. After each step the worker does what is due, and
what can be seen is held against the model. A failing story is shrunk to the shortest that still fails and printed, with
a blob that plays it again (`@reproduce_failure`).
"""

import pytest

# Not in `make test` until many runs in a row were green: docs/reliability.md, "Any order".
pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def test_whatever_happens_the_product_does_what_the_model_says(world, play):
    play(world, stories=40, steps=30)
