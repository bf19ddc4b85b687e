"""When the AI's turn comes: the minute, bursts, the AI's own conversations, silence, and the end."""

from datetime import timedelta

import pytest

from conversations import ownership, receiving, timing
from conversations.models import Conversation, Transition
from sms.models import Message
from tenants.models import Contact
from tests.fixtures.people import CUSTOMER

Outcome, Status = Conversation.Outcome, Conversation.Status


@pytest.fixture
def customer_writes(twilio, twilio_api, acme, do_due_work):
    """Have the customer text the business; returns their newest conversation."""

    def write(body: str = "my sink is blocked") -> Conversation:
        twilio.text(body)
        do_due_work()
        return Conversation.objects.latest("pk")

    return write


def waits(conversation: Conversation) -> float:
    """How many seconds after the timer's start the AI's turn comes."""
    return (conversation.ai_due_at - conversation.ai_timer_started_at).total_seconds()


def age(conversation: Conversation, **by: int) -> None:
    """Make the conversation as if this much time had passed since it ended."""
    Conversation.objects.filter(pk=conversation.pk).update(completed_at=conversation.completed_at - timedelta(**by))


def test_the_first_words_start_a_minute(customer_writes):
    conversation = customer_writes()

    assert conversation.ai_timer_started
    assert waits(conversation) == 60


def test_more_words_do_not_restart_it(customer_writes):
    before = customer_writes()
    after = customer_writes("and the toilet too")

    assert after.ai_due_at == before.ai_due_at
    assert after.ai_timer_started_at == before.ai_timer_started_at
    assert after.last_customer_message.body == "and the toilet too"


def test_a_business_has_its_own_wait(customer_writes, acme):
    acme.ai_takeover_seconds = 5
    acme.save()

    assert waits(customer_writes()) == 5


def test_without_ai_nothing_is_due_and_the_owner_gets_the_words(customer_writes, acme, twilio_api):
    acme.ai_enabled = False
    acme.save()
    conversation = customer_writes("my sink is blocked")

    assert (conversation.ai_timer_started, conversation.ai_due_at) == (False, None)
    (told,) = [text for text in twilio_api.messages() if text["to"] == "+15005550200"]
    assert told["body"] == f"#{conversation.pk} (415) 555-0123: my sink is blocked"


def test_the_ai_leaves_a_customer_alone_who_wants_people(customer_writes, acme):
    Contact.objects.create(tenant=acme, number=CUSTOMER, do_not_automate=True)

    assert customer_writes().ai_due_at is None


def test_a_conversation_of_the_ai_waits_only_for_the_end_of_a_burst(customer_writes):
    conversation = customer_writes()
    _give_to_ai(conversation)
    conversation = customer_writes("it is the kitchen sink")

    assert waits(conversation) == timing.DEBOUNCE.total_seconds()


def test_a_burst_cannot_put_the_answer_off_for_ever(customer_writes):
    conversation = customer_writes()
    _give_to_ai(conversation)
    conversation = customer_writes("one")
    started = timing.database_now() - timedelta(seconds=7)
    Conversation.objects.update(ai_timer_started_at=started, ai_due_at=None)
    conversation = customer_writes("two")

    assert waits(conversation) == timing.LATEST.total_seconds()


@pytest.mark.parametrize("word", ["STOP", "please stop texting me"])
def test_opting_out_ends_it(customer_writes, word):
    customer_writes()
    conversation = customer_writes(word)

    assert (conversation.status, conversation.outcome) == (Status.COMPLETED, Outcome.OPTED_OUT)
    assert conversation.ai_due_at is None
    assert Transition.objects.get().actor == Transition.Actor.CUSTOMER


def test_opting_out_that_is_heard_of_after_later_words_does_not_end_them(customer_writes, twilio):
    """Deliveries of facts are tried again, and so come in any order."""
    customer_writes()
    twilio.text("STOP")
    twilio.text("are you there?")
    words, stop = Message.objects.filter(direction=Message.Direction.INBOUND).order_by("-pk")[:2]
    for message in (words, stop):
        receiving.receive_message(message_id=message.pk)
    conversation = Conversation.objects.get()

    assert stop.taken_as == Message.TakenAs.STOP
    assert conversation.status == Status.ACTIVE
    assert conversation.ai_due_at is not None


def test_words_within_a_day_open_it_again(customer_writes):
    ended = _ended(customer_writes())
    conversation = customer_writes("one more thing: the tap drips")

    assert conversation == ended
    assert (conversation.status, conversation.outcome, conversation.completed_at) == (Status.ACTIVE, "", None)
    assert waits(conversation) == 60


@pytest.mark.parametrize("words", ["Thanks!", "ok gracias", "👍"])
def test_a_thank_you_after_the_end_is_kept_and_changes_nothing(customer_writes, words):
    ended = _ended(customer_writes())
    conversation = customer_writes(words)

    assert conversation == ended
    assert (conversation.status, conversation.ai_due_at) == (Status.COMPLETED, None)
    assert [entry.message.body for entry in conversation.entries.all()] == ["my sink is blocked", words]


def test_after_a_day_a_new_one_begins(customer_writes):
    ended = _ended(customer_writes())
    age(ended, hours=25)
    conversation = customer_writes("my sink is blocked again")

    assert conversation != ended
    assert Conversation.objects.count() == 2


def test_the_silence_of_a_person_is_noticed_only_where_the_business_wants_it(customer_writes, acme):
    conversation = customer_writes()
    ownership.take_over(conversation_id=conversation.pk, user=None)
    assert customer_writes("hello?").ai_due_at is None

    acme.human_silence_minutes = 10
    acme.save()
    assert waits(customer_writes("anybody there?")) == 600


def _give_to_ai(conversation: Conversation) -> None:
    ownership.move(conversation, Status.AI_HANDLING, actor=Transition.Actor.AI, reason="nobody had answered")


def _ended(conversation: Conversation) -> Conversation:
    ended, _ = ownership.complete(conversation_id=conversation.pk, outcome=Outcome.RESOLVED)
    return ended
