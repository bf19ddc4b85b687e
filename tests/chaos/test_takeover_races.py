"""Five hundred times a person, the customer and the AI's turn within 50 ms: the AI never speaks after the person."""

import itertools
import random
from collections import Counter

import pytest

from conversations.models import Conversation
from tests.conversations.ai.fake_server import FakeServer
from tests.conversations.dispatching import racing
from tests.conversations.dispatching.conftest import ANSWER
from tests.conversations.dispatching.test_races import PEOPLE

ROUNDS = 500
_customers = itertools.count(1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thinking():
    """A DispatchBot that takes up to 60 ms."""
    fake = FakeServer()
    chance = random.Random(1)
    for _ in range(ROUNDS * 2):
        fake.reply(ANSWER, after=chance.uniform(0, 0.06))
    yield fake
    fake.stop()


@pytest.mark.fault("F16")
@pytest.mark.parametrize("drafts", [False, True], ids=["the timer", "a drafted answer"])
def test_five_hundred_races(twilio, twilio_api, acme, do_due_work, thinking, say, figure, drafts):
    environment = {"DISPATCHBOT_URL": thinking.url, "DISPATCHBOT_API_KEY": "secret"} if drafts else {}
    people = itertools.cycle(PEOPLE.items())
    found: Counter[str] = Counter()
    with racing.worker_process(**environment) as take_turn:
        for seed in range(ROUNDS):
            customer = f"+1718{2_000_000 + next(_customers)}"
            twilio.text("my kitchen sink is blocked", From=customer)
            do_due_work()
            conversation = Conversation.objects.get(customer_phone=customer)
            Conversation.objects.filter(pk=conversation.pk).update(ai_due_at=conversation.ai_timer_started_at)
            name, person = next(people)
            racing.race(conversation, take_turn, person, customer_writes=seed % 2 == 0, seed=seed)
            do_due_work()
            verdict = racing.verdict(conversation)
            found["talked over"] += verdict.talked_over
            found["more than one AI text"] += verdict.ai_texts > 1
            found["not the person's"] += verdict.owner != "user"
            found["broken log"] += verdict.broken_log
            found["the AI was first"] += verdict.ai_texts == 1
            found[f"a person {name}"] += 1
    say(f"{ROUNDS} rounds: {dict(found)}")
    figure(
        events=ROUNDS,
        doubled=found["more than one AI text"],
        talked_over=found["talked over"],
        the_ai_was_first=found["the AI was first"],
    )

    assert [found[bad] for bad in ("talked over", "more than one AI text", "not the person's", "broken log")] == [0] * 4
    assert 0 < found["the AI was first"] < ROUNDS  # or nobody raced
