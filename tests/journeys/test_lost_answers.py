"""Twilio has the text, and its answer never comes: nobody is texted twice, and each row learns its SID."""

import pytest

from tests.journeys.texts import endure


@pytest.mark.fault("F13")
def test_texts_whose_answer_is_lost_are_sent_once(stack, phone, figure):
    phone.set_faults(
        {"kind": "reset", "probability": 0.1, "seed": 2},
        {"kind": "error", "status": 502, "accepted": True, "probability": 0.1, "seed": 3},
        {"kind": "timeout", "seconds": 20, "probability": 0.05, "seed": 4},
        {"kind": "timeout", "probability": 0.05, "seed": 5},
    )

    endure(stack, figure, texts=24, within=30)
