"""Twilio posts the same webhook again and again, also while we are at it: nothing follows twice."""

import pytest

from tests.journeys import copies


@pytest.mark.fault("F14")
def test_ten_copies_of_each_webhook_are_answered_alike_and_have_one_effect(stack, phone, figure):
    copied = copies.post(stack, distinct=30)
    found = copies.check(copied)

    posted = len(copied.traffic.webhooks) * copies.COPIES
    figure(events=posted, lost=found["missed and not texted"], doubled=found["texted twice"])
    assert found == dict.fromkeys(found, 0)
