"""Random stories against the model for six minutes; `tests/machine` plays forty of them."""

from time import monotonic

import pytest

from tests.machine.conftest import play, world  # noqa: F401 - the same business

SECONDS, AT_ONCE, STEPS = 360, 50, 50

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.fault("F15", "F16")
@pytest.mark.timeout(1800)  # a failure is shrunk for five minutes
def test_as_many_stories_as_six_minutes_have(world, play, figure):  # noqa: F811
    until = monotonic() + SECONDS
    while monotonic() < until:
        play(world, stories=AT_ONCE, steps=STEPS)
    figure(events=world.webhooks, stories=world.stories, steps=world.steps, lost=0, doubled=0)
