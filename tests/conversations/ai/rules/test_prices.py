"""Prices are those of the business's estimates, in its words, or none."""

import pytest

from conversations.ai.rules.answers import price_of
from conversations.ai.rules.reading.vocabulary import recognise
from tests.conversations.ai.rules.chat import acme

ASKED = {
    "how much to unclog my sink?": ("Drain cleaning", "$120-$200"),
    "cuanto cobran por destapar un fregadero": ("Drain cleaning", "$120-$200"),
    "price for a new water heater?": ("water heater install", "from $900"),
    "what do you charge to come out?": ("Service call", "$89"),
    "hourly rate?": ("hourly", "$95.50"),
    "how much is a faucet repair": ("faucet repair", "depends, usually $150"),
}
NOT_SAID = ["how much for a toilet?", "how much?", "price for a sewer camera", "how much for a bidet"]
ESTIMATES = {
    "Drain cleaning": {"min": 120, "max": 200},
    "water_heater_install": {"from": 900},
    "Service call": 89,
    "hourly": 95.5,
    "faucet repair": "depends, usually $150",
    "bidet": None,
}


def price(text: str, estimates: dict) -> tuple[str, str] | None:
    return price_of(acme(job_estimates=estimates), recognise(text, "plumbing").job, text, "en")


@pytest.mark.parametrize(("text", "expected"), ASKED.items())
def test_an_estimate_is_found_by_its_words(text, expected):
    assert price(text, ESTIMATES) == expected


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_has_no_estimate_has_no_price(text):
    assert price(text, ESTIMATES) is None


def test_where_two_fit_alike_none_is_said():
    assert price("how much to unclog a drain?", {"drain snaking": 90, "drain jetting": 300}) is None
