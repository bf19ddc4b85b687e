"""docs/events.md says what the code does: every topic, who publishes it, with which data, and who hears of it."""

import importlib
import importlib.util
import inspect
from datetime import UTC, datetime

import pytest
from django.apps import apps

from calls.alerts.models import AlertCall
from calls.models import Call
from conversations.booking.models import Appointment
from conversations.emergencies.models import Escalation
from conversations.models import Conversation
from nevermisscall.outbox import facts
from nevermisscall.reconciling.models import Disposition
from sms.models import Message
from tenants.models import Contact
from tests.docs.tables import code, table

OURS = ("tenants", "calls", "sms", "conversations", "nevermisscall")
SAMPLES = {
    "escalation": Escalation(conversation=Conversation()),
    "call": Call(),
    "alert_call": AlertCall(),
    "message": Message(),
    "disposition": Disposition(day=datetime.now(UTC).date()),
    "conversation": Conversation(),
    "appointment": Appointment(contact=Contact(), starts_at=datetime.now(UTC), ends_at=datetime.now(UTC)),
}


def published():
    """Return every event class of the product, by topic."""
    found = {}
    for app in apps.get_app_configs():
        name = f"{app.name}.events"
        if not app.name.startswith(OURS) or importlib.util.find_spec(name) is None:
            continue
        for event in vars(importlib.import_module(name)).values():
            if inspect.isclass(event) and event.__module__ == name and getattr(event, "topic", ""):
                found[event.topic] = event
    return found


EVENTS = published()
ROWS = {code(row[0])[0]: row for row in table("events.md", "topic")}
FIELDS = {row[0]: set(code(row[1])) for row in table("events.md", "of")}


def test_it_has_every_topic_and_no_other():
    assert set(ROWS) == set(EVENTS)


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_it_says_who_publishes_a_topic_and_who_hears_of_it(topic):
    event = EVENTS[topic]

    assert code(ROWS[topic][1]) == [f"{event.__module__}.{event.__name__}"]
    assert code(ROWS[topic][4]) == list(facts.subscribers(topic))


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_it_lists_the_fields_of_the_data(topic):
    names = inspect.signature(EVENTS[topic]).parameters
    event = EVENTS[topic](**{name: SAMPLES.get(name, 1) for name in names})

    assert set(event.data()) == FIELDS[ROWS[topic][3]]


def test_it_names_every_subscriber():
    named = {code(row[0])[0] for row in table("events.md", "name")}

    assert named == {name for topic in EVENTS for name in facts.subscribers(topic)}
