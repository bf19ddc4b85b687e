"""An owner's text and the AI's turn at the same time, a hundred times, on a real database.

The owner's webhook, the AI's turn with the sender behind it, and the worker that gives the text its effect each run in
a thread of their own. In every other round that worker comes last: the text is known and has had no effect yet.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from django.db import connections
from django.db.models import F
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation
from nevermisscall.outbox import queues, work
from nevermisscall.outbox.facts import DELIVERIES
from sms.models import Message
from tests.fixtures.people import OWNER_PHONE, make_business
from tests.fixtures.webhooks import TwilioPhone

ROUNDS = 100
SPREAD = 0.2  # seconds; a turn with the sending of its text takes about as long here

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Round:
    """When things happened, by this host's clock."""

    conversation: Conversation
    answered_at: datetime | None = None  # the owner's webhook; it has committed
    turn_began_at: datetime | None = None
    sender_began_at: datetime | None = None


def run(queue_name: str) -> None:
    queue = queues.get(queue_name)
    for row in work.claim(queue, limit=20):
        work.run_claimed(queue, row)


def owner_texts(this: Round) -> None:
    TwilioPhone(Client()).text(f"{this.conversation} On my way", From=OWNER_PHONE)
    this.answered_at = timezone.now()


def ai_answers(this: Round) -> None:
    this.turn_began_at = timezone.now()
    work.run_one(queues.get("conversations.turns"), this.conversation.pk)
    this.sender_began_at = timezone.now()
    run("sms.send")


def worker_hears(this: Round) -> None:
    run(DELIVERIES.name)


def play(this: Round, chance: random.Random, *, worker_is_late: bool) -> None:
    delays = [chance.uniform(0, SPREAD), 0, chance.uniform(0, SPREAD)]
    actors = [owner_texts, ai_answers, worker_hears][: 2 if worker_is_late else 3]
    threads = [_thread(this, act, delay) for act, delay in zip(actors, delays, strict=False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "somebody hangs"


def _thread(this: Round, act: Callable[[Round], None], delay: float) -> threading.Thread:
    def run() -> None:
        time.sleep(delay)
        try:
            act(this)
        finally:
            connections.close_all()

    return threading.Thread(target=run)


@pytest.fixture
def rounds(twilio, twilio_api, do_due_work):
    """As many customers who have waited for their minute."""
    make_business().numbers.update(texts_per_second=1000)
    for n in range(ROUNDS):
        twilio.text("my kitchen sink is blocked", From=f"+1646555{n:04}")
    do_due_work()
    Conversation.objects.update(ai_due_at=F("ai_timer_started_at"))
    return [Round(conversation) for conversation in Conversation.objects.order_by("pk")]


@pytest.mark.fault("F16")
@pytest.mark.timeout(300)
def test_the_owner_wins_whenever_their_text_was_there_first(rounds, twilio_api, do_due_work):
    chance, ai_was_first = random.Random(7), []
    for n, this in enumerate(rounds):
        play(this, chance, worker_is_late=n % 2 == 0)
        run(DELIVERIES.name)
        conversation = Conversation.objects.get(pk=this.conversation.pk)
        drafts = Message.objects.filter(entries__conversation=conversation, sender_type="ai")
        sent = drafts.exclude(message_sid=None)
        assert (conversation.ownership, conversation.relay_to) == ("user", OWNER_PHONE)
        assert not drafts.filter(status__in=["queued", "sending", "unknown"]).exists()
        if this.answered_at < this.turn_began_at:
            assert not drafts.exists(), "the AI answered though the owner's text was there"
        if this.answered_at < this.sender_began_at:
            assert not sent.exists(), "a text of the AI left though the owner's text was there"
        ai_was_first.append(sent.exists())
    do_due_work()

    got = Counter(text["to"] for text in twilio_api.messages() if text["body"] == "On my way")
    assert got == {this.conversation.customer_phone: 1 for this in rounds}
    assert set(ai_was_first) == {True, False}  # or this would have shown nothing
