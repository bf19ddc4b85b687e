"""Whole conversations, from `scripts/*.txt`."""

import pytest

from conversations.ai import guards
from tests.conversations.ai.rules.scripts import check, load

SCRIPTS = load()


@pytest.mark.parametrize("number", range(len(SCRIPTS)), ids=[script.name for script in SCRIPTS])
def test_the_script_plays_as_written(number):
    script = load()[number]
    for turn in script.turns:
        answer = script.chat.hears(*turn.texts)
        for expected in turn.expected:
            check(answer, expected)


@pytest.mark.parametrize("number", range(len(SCRIPTS)), ids=[script.name for script in SCRIPTS])
def test_every_answer_keeps_the_rules(number):
    script = load()[number]
    said = []
    for turn in script.turns:
        answer = script.chat.hears(*turn.texts)
        said.append(answer.message_to_customer)
        assert len(said[-1]) <= 320 or answer.emergency_detected
        assert answer.confidence >= 0.5
        if said[-1]:
            assert guards.check(answer, script.chat.asked) == guards.Guarded(said[-1], ())
        assert answer.appointment is None or answer.appointment in script.chat.request().free_slots
    assert sum("automated assistant" in text or "asistente automatizado" in text for text in said) == 1
    assert script.chat.business.name in said[0]
