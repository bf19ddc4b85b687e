"""What becomes of a text, and of a missed call that is answered by one, in whatever order we hear of it."""

from itertools import permutations

import pytest
from django.db import transaction

from calls.models import Call
from conversations.models import Conversation
from nevermisscall.outbox import queues, work
from nevermisscall.outbox.models import Fact
from sms.models import Message, SendAttempt
from tests.fixtures.people import CUSTOMER
from tests.fixtures.webhooks import TwilioPhone, new_sid

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F15")]

ENDS = {"delivered": {}, "undelivered": {"ErrorCode": "30003"}, "failed": {"ErrorCode": "30007"}}


@pytest.fixture
def unanswered(acme, twilio, twilio_api, do_due_work):
    """A text-back that Twilio accepted, and whose sender never saw the answer."""
    twilio_api.set_faults({"kind": "reset", "times": 1}, callbacks="off")
    twilio_api.set_destination(CUSTOMER, silent=True)  # how it ends, the tests say
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()
    return Message.objects.get(status="unknown", to_number=CUSTOMER)


@pytest.mark.parametrize("end", ENDS)
def test_reports_before_or_after_the_answer_come_to_the_same(unanswered, twilio, twilio_api, do_due_work, figure, end):
    [sent] = twilio_api.messages(to=CUSTOMER)
    query = f"?attempt={SendAttempt.objects.get(message=unanswered).token}"
    happens = {
        "sent": lambda: twilio.message_status(sent["sid"], "sent", query=query),
        "end": lambda: twilio.message_status(sent["sid"], end, query=query, **ENDS[end]),
        "found": lambda: _look(unanswered),
    }
    orders = {order for some in (happens, [*happens, "end"], [*happens, "sent"]) for order in permutations(some)}
    found = set()
    for order in sorted(orders):
        with transaction.atomic():
            for name in order:
                happens[name]()
            row = Message.objects.get(pk=unanswered.pk)
            failures = Fact.objects.filter(topic="message.delivery_failed", aggregate=f"message:{row.pk}").count()
            found.add((row.status, row.message_sid, row.next_attempt_at, failures))
            transaction.set_rollback(True)
    figure(events=sum(map(len, orders)), orders=len(orders))

    assert found == {(end, sent["sid"], None, int(end != "delivered"))}
    assert len(twilio_api.messages(to=CUSTOMER)) == 1


def test_a_reply_before_the_call_is_known_is_in_the_same_conversation(acme, client, twilio_api, do_due_work, figure):
    """The text-back is due when the miss is known, so it is the customer's own text that may come at any time."""
    orders, found = list(permutations(["incoming", "dial", "end", "text"])), set()
    for order in orders:
        with transaction.atomic():
            phone, message_sid = TwilioPhone(client), new_sid("SM")
            for name in order:
                _post(phone, name, message_sid)
                do_due_work()
            conversation = Conversation.objects.get()
            backs = Message.objects.filter(idempotency_key__startswith="missed-call:").count()
            entries = sorted(conversation.entries.values_list("message__direction", "call__outcome"), key=str)
            found.add(
                (Call.objects.get().outcome, backs, conversation.status, bool(conversation.ai_due_at), str(entries))
            )
            transaction.set_rollback(True)
    figure(events=sum(map(len, orders)), orders=len(orders))

    entries = [("inbound", None), ("outbound", None), (None, "missed")]
    assert found == {("missed", 1, "active", True, str(entries))}


def _post(phone: TwilioPhone, name: str, message_sid: str) -> None:
    if name == "incoming":
        phone.incoming_call()
    elif name == "dial":
        phone.dial_action(DialCallStatus="no-answer")
    elif name == "end":
        phone.call_ends()
    else:
        phone.text("my sink leaks", MessageSid=message_sid)


def _look(message: Message) -> None:
    """Let the sender look in Twilio's list now, if it still has to."""
    Message.objects.filter(pk=message.pk, next_attempt_at__isnull=False).update(next_attempt_at=message.created_at)
    work.run_one(queues.get("sms.send"), message.pk)
