"""What the call tests ask: which verbs were answered, what became of the call, what was published about it."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from calls.models import Call
from calls.settling import QUEUE
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from nevermisscall.outbox.models import Fact
from tests.calls.records import Records


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


@pytest.fixture
def records(settings):
    records = Records()
    settings.TWILIO_API_BASE_URL = records.url
    yield records
    records.close()


@pytest.fixture
def settle():
    """Settle, as the sweeper does, what is undecided; time has passed."""

    def run() -> list[bool]:
        waiting = Call.objects.filter(settle_at__isnull=False)
        waiting.update(settle_at=DatabaseClock() - timedelta(seconds=1), lease_until=None)
        return [work.run_claimed(QUEUE, row) for row in work.claim(QUEUE, limit=10)]

    return run
