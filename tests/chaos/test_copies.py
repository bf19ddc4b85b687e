"""Two hundred webhooks ten times each, half of them ten at once: one receipt, one answer, one effect."""

import pytest

from tests.journeys import copies, ledger


@pytest.mark.fault("F14")
def test_ten_copies_of_two_hundred_webhooks(stack, phone, say, figure):
    ledger.warm_up(stack)
    copied = copies.post(stack, distinct=200)
    found = copies.check(copied)

    webhooks = len(copied.traffic.webhooks)
    say(f"{webhooks} webhooks, {copies.COPIES} copies of each: {({k: v for k, v in found.items() if v}) or 'all once'}")
    figure(
        events=webhooks * copies.COPIES,
        lost=found["missed and not texted"] + found["unrecorded"],
        doubled=found["texted twice"],
        webhooks=webhooks,
        receipts=webhooks - found["unrecorded"],
        answered_differently=found["answered differently"],
    )
    assert webhooks >= 200
    assert found == dict.fromkeys(found, 0)
