"""Thousands of stories against the model; two hundred fit into `make test` (`tests/machine`)."""

import pytest

from tests.machine.conftest import play, world  # noqa: F401 - the same business

STORIES, STEPS = 5_000, 50

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.fault("F15", "F16")
@pytest.mark.timeout(3600)
def test_thousands_of_stories(world, play, figure):  # noqa: F811
    play(world, stories=STORIES, steps=STEPS)
    figure(events=world.webhooks, stories=world.stories, steps=world.steps)
