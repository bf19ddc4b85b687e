"""What the call tests ask: which verbs were answered, what became of the call, what was published about it."""

from typing import Any
from xml.etree import ElementTree

import pytest

from calls.models import Call
from nevermisscall.outbox.models import Fact


def verbs(answer) -> list[str]:
    """Return the names of the TwiML elements of an answer, in order. Fails if it is not XML."""
    return [element.tag for element in ElementTree.fromstring(answer.content).iter()][1:]


def attributes(answer, verb: str) -> dict[str, str]:
    """Return the attributes of the first `verb` of an answer."""
    element = ElementTree.fromstring(answer.content).find(f".//{verb}")
    assert element is not None, answer.text
    return dict(element.attrib)


def numbers(answer) -> list[str]:
    """Return the numbers that an answer dials."""
    return [element.text for element in ElementTree.fromstring(answer.content).iter("Number")]


def result_of(call_sid: str) -> tuple[str, str]:
    """Return (outcome, missed_reason) of a call."""
    call = Call.objects.get(call_sid=call_sid)
    return call.outcome, call.missed_reason


def topics(call_sid: str) -> list[str]:
    """Return what was published about a call, in order; the sequence has no gaps."""
    call = Call.objects.get(call_sid=call_sid)
    facts = Fact.objects.filter(aggregate=f"call:{call.pk}").order_by("sequence")
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
    return [fact.topic for fact in facts]


@pytest.fixture
def set_up(acme):
    """Change fields of Acme."""

    def change(**fields: Any):
        for name, value in fields.items():
            setattr(acme, name, value)
        acme.full_clean()
        acme.save()
        return acme

    return change
