"""A person wins against the AI, whoever is faster by a few milliseconds."""

import itertools
import uuid

import pytest

from conversations import ownership
from conversations.models import Conversation
from tests.conversations.dispatching import racing
from tests.fixtures.people import OWNER_PHONE
from tests.fixtures.webhooks import TwilioPhone

ROUNDS = 12  # five hundred of them are in `make chaos`
_customers = itertools.count(1)

pytestmark = pytest.mark.django_db(transaction=True)


def takes_over(client, conversation):
    ownership.take_over(conversation_id=conversation.pk, user=None)


def replies(client, conversation):
    ownership.reply(conversation_id=conversation.pk, body="On my way.", idempotency_key=str(uuid.uuid4()))


def texts_from_their_phone(client, conversation):
    TwilioPhone(client).text(f"#{conversation.pk} On my way.", From=OWNER_PHONE)


PEOPLE = {"takes over": takes_over, "replies": replies, "texts from their phone": texts_from_their_phone}


@pytest.fixture
def waiting(twilio, twilio_api, acme, do_due_work):
    """Make a conversation whose customer has waited for its minute."""

    def make() -> Conversation:
        customer = f"+1646555{next(_customers):04}"
        twilio.text("my kitchen sink is blocked", From=customer)
        do_due_work()
        conversation = Conversation.objects.get(customer_phone=customer)
        Conversation.objects.filter(pk=conversation.pk).update(ai_due_at=conversation.ai_timer_started_at)
        return conversation

    return make


@pytest.mark.fault("F16")
@pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE)
def test_no_text_of_the_ai_after_a_person_acted(waiting, do_due_work, figure, person):
    found = []
    with racing.worker_process() as take_turn:
        for seed in range(ROUNDS):
            conversation = waiting()
            racing.race(conversation, take_turn, person, customer_writes=seed % 2 == 0, seed=seed)
            do_due_work()
            found.append(racing.verdict(conversation))
    figure(events=ROUNDS, talked_over=sum(verdict.talked_over for verdict in found))

    assert [verdict.talked_over for verdict in found] == [0] * ROUNDS
    assert {verdict.owner for verdict in found} == {"user"}
    assert max(verdict.ai_texts for verdict in found) <= 1
    assert not any(verdict.broken_log for verdict in found)
