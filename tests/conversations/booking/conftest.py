"""A customer of Acme's who writes, and a week in which Acme works."""

from datetime import datetime, time

import pytest

from conversations.booking import services
from conversations.booking.models import Appointment
from conversations.models import Conversation
from nevermisscall.outbox import work
from nevermisscall.outbox.facts import DELIVERIES
from nevermisscall.outbox.models import Fact
from sms.models import Message
from tenants.models import BusinessHours
from tests.fixtures.webhooks import TwilioPhone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# A Monday morning in New York, where Acme works from 8 to 17 on weekdays. Far ahead, because holds go by the
# database's clock, which a test cannot move.
NOW = at("2035-11-26T08:00:00-05:00")
TUESDAY_10 = at("2035-11-27T10:00:00-05:00")
HOW = Appointment.How


def deliver_facts() -> None:
    """Hand every due fact to its subscribers."""
    while rows := work.claim(DELIVERIES, limit=100):
        for row in rows:
            work.run_claimed(DELIVERIES, row)


def converse(client, **fields) -> Conversation:
    """A customer texts, and is in a conversation from then on."""
    TwilioPhone(client).text(**fields)
    deliver_facts()
    return Conversation.objects.select_related("tenant").latest("pk")


@pytest.fixture
def working_week(acme):
    for weekday in range(5):
        BusinessHours.objects.create(tenant=acme, weekday=weekday, opens_at=time(8), closes_at=time(17))


@pytest.fixture
def conversation(acme, working_week, client, time_machine):
    """It is Monday, 8 o'clock; a customer has written."""
    time_machine.move_to(NOW)
    return converse(client)


@pytest.fixture
def ask(conversation):
    """Ask for a visit, on Tuesday at 10 unless told otherwise."""

    def request(start: datetime = TUESDAY_10, key: str = "first", **fields) -> Appointment:
        fields = {"conversation": conversation, "job_type": "plumbing_drain", "problem": "Slow drain", **fields}
        return services.request(start=start, key=key, **fields)

    return request


def texts_sent() -> list[str]:
    """Return the texts that leave us, in order."""
    return list(Message.objects.filter(direction="outbound").order_by("pk").values_list("body", flat=True))


def topics() -> list[str]:
    """Return what was published about visits, in order."""
    return list(Fact.objects.filter(topic__startswith="appointment.").order_by("pk").values_list("topic", flat=True))
