"""Texts that must not leave, by category, and texts that must leave as they are."""

import sys
import tomllib
from pathlib import Path

import pytest

from conversations.ai import guards
from tests.conversations.ai.people import THURSDAY_9, answer, request

CASES = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    for path in sorted((Path(__file__).parent / "red_team").glob("*.toml"))
}
HARMLESS = CASES.pop("harmless")


def guarded(case):
    status = case.get("appointment", "")
    asked = request(
        case.get("customer", "Hello" if case.get("language", "en") == "en" else "Hola, buenas"),
        language=case.get("language", "en"),
        introduced=True,
        appointment=THURSDAY_9 if status else None,
        appointment_status=status,
    )
    return guards.check(answer(case["text"]), asked)


@pytest.mark.parametrize("category", CASES)
def test_every_bad_text_is_stopped(category, capsys):
    cases = CASES[category]
    missed = [case["text"] for case in cases if not guarded(case).violations]

    with capsys.disabled():
        sys.stdout.write(f"\n  {category}: {len(cases) - len(missed)} of {len(cases)} bad texts stopped ")
    assert missed == []


def test_there_are_enough_of_them():
    assert sum(map(len, CASES.values())) >= 80
    assert len(HARMLESS) >= 60
    assert set(CASES) == {
        "abuse",
        "impersonation",
        "injection",
        "language",
        "legal",
        "medical",
        "price",
        "promises",
        "secrets",
        "unsafe",
    }


@pytest.mark.parametrize("case", HARMLESS, ids=lambda case: case["text"][:50])
def test_a_harmless_text_leaves_as_it_is(case):
    result = guarded(case)

    assert result.violations == ()
    assert result.text == case["text"]
