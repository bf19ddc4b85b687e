"""The service that writes the AI's answers hangs: everything else goes on."""

import threading
from dataclasses import replace

import pytest
from django.db import connection

from conversations.dispatching import turns
from conversations.models import Conversation
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import queues, work
from nevermisscall.outbox.sweeper import THREADS, Sweeper
from tests.fixtures.people import CUSTOMER
from tests.fixtures.webhooks import TwilioPhone
from tests.outbox.test_sweeper import wait_until

WAITING = THREADS + 2

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hanging(monkeypatch):
    """A sweeper whose turns hang until the test ends, and the ids of those that do."""
    gate, ids = threading.Event(), []

    def hang(row) -> None:
        ids.append(row.pk)
        gate.wait(30)

    monkeypatch.setitem(queues._queues, turns.QUEUE.name, replace(turns.QUEUE, handle=hang))
    running = Sweeper()
    yield running, ids
    gate.set()
    running.stop()
    connection.close()


@pytest.mark.fault("F11")
def test_a_text_back_leaves_although_every_turn_of_the_ai_hangs(acme, twilio, twilio_api, do_due_work, hanging):
    sweeper, hung = hanging
    for n in range(WAITING):
        twilio.text("my kitchen sink is blocked", From=f"+1917555{n:04}")
    with pytest.MonkeyPatch.context() as patched:
        patched.delitem(queues._queues, turns.QUEUE.name)
        do_due_work()
    Conversation.objects.update(ai_due_at=DatabaseClock())
    sweeper.start()
    wait_until(lambda: len(hung) == turns.QUEUE.places.most)

    caller = TwilioPhone(twilio.client)
    caller.incoming_call()
    caller.dial_action(DialCallStatus="no-answer")
    wait_until(lambda: twilio_api.messages(to=CUSTOMER), seconds=10)

    assert len(hung) == turns.QUEUE.places.most < WAITING
    assert not work.run_one(queues.get(turns.QUEUE.name), Conversation.objects.exclude(pk__in=hung).first().pk)
