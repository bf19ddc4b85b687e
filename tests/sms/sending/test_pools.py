"""Texts of a number that sends through a Messaging Service: once, from that number, at the pace of the pool."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from sms import sending, services
from sms.models import Message, SendAttempt, SenderPace, Status
from tenants.compliance import Purpose
from tenants.models import Contact, PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, RIVAL_NUMBER, PhoneNumberFactory

POOL = "MG" + "a" * 32
SECOND_NUMBER = "+15005550101"


@pytest.fixture
def pool(acme, twilio_api):
    """Two numbers of Acme's in one pool, which would send from the second by itself."""
    PhoneNumber.objects.update(messaging_service_sid=POOL)
    PhoneNumberFactory(tenant=acme, number=SECOND_NUMBER, is_primary=False, messaging_service_sid=POOL)
    twilio_api.reset(keep_numbers=False)
    for number in (SECOND_NUMBER, ACME_NUMBER):
        twilio_api.add_number(number, messaging_service_sid=POOL)
    twilio_api.set_faults(callbacks="off")
    return twilio_api


def queue(to: str = CUSTOMER, *, number: str = ACME_NUMBER, purpose: Purpose = Purpose.REPLY) -> Message:
    return services.send_message(
        number=PhoneNumber.objects.select_related("tenant").get(number=number),
        to_number=to,
        body="We are on our way",
        purpose=purpose,
        idempotency_key=str(uuid.uuid4()),
    )


def run(message: Message) -> Message:
    """Let the sender look at the message now."""
    Message.objects.filter(pk=message.pk, next_attempt_at__isnull=False).update(next_attempt_at=DatabaseClock())
    work.run_one(sending.QUEUE, message.pk)
    message.refresh_from_db()
    return message


def test_a_text_leaves_through_the_pool_and_from_its_own_number(pool):
    message = run(queue())

    [sent] = pool.messages(to=CUSTOMER)
    assert (sent["messaging_service_sid"], sent["from"]) == (POOL, ACME_NUMBER)
    assert (message.status, message.message_sid, message.num_segments) == (Status.SENT_TO_PROVIDER, sent["sid"], 1)


def test_a_number_without_a_pool_sends_by_itself(acme, twilio_api):
    run(queue())

    assert twilio_api.messages(to=CUSTOMER)[0]["messaging_service_sid"] is None


@pytest.mark.parametrize("keeps", [True, False], ids=["our number", "a number that Twilio chose"])
def test_a_text_without_an_answer_is_found_and_not_sent_again(pool, keeps):
    pool.configure(pool_keeps_sender=keeps, sent_seconds=3600)  # still without a sender when it is looked for
    pool.set_faults({"kind": "reset", "times": 1}, callbacks="off")
    message = run(queue())
    assert message.status == Status.UNKNOWN

    run(message)
    [sent] = pool.messages(to=CUSTOMER)
    assert (message.message_sid, len(pool.attempts())) == (sent["sid"], 1)


def test_a_text_of_another_pool_is_not_taken_for_ours(pool, acme):
    pool.add_number(RIVAL_NUMBER)
    PhoneNumberFactory(tenant=acme, number=RIVAL_NUMBER, is_primary=False)
    pool.set_faults({"kind": "error", "status": 500, "times": 1}, callbacks="off")
    ours, other = run(queue()), queue(number=RIVAL_NUMBER)
    run(other)

    assert run(ours).status == Status.UNKNOWN
    assert other.status == Status.SENT_TO_PROVIDER


def test_two_alike_texts_of_one_pool_are_told_apart(pool):
    pool.set_faults({"kind": "reset", "times": 1}, callbacks="off")
    first, second = run(queue()), queue(number=SECOND_NUMBER)
    assert run(second).status == Status.QUEUED  # it could be taken for the first, or the first for it

    run(first)
    run(second)
    assert {text["sid"] for text in pool.messages(to=CUSTOMER)} == {first.message_sid, second.message_sid}


def test_a_callback_settles_a_text_whatever_number_it_names(pool, twilio):
    pool.set_faults({"kind": "reset", "times": 1}, callbacks="off")
    message = run(queue())
    [sent] = pool.messages(to=CUSTOMER)

    query = f"?attempt={SendAttempt.objects.get().token}"
    twilio.message_status(sent["sid"], "delivered", query=query, From=SECOND_NUMBER, MessagingServiceSid=POOL)
    message.refresh_from_db()
    assert (message.status, message.message_sid) == (Status.DELIVERED, sent["sid"])


def test_an_opt_out_that_a_pool_tells_of_later_opts_the_person_out(pool, twilio):
    message = run(queue())
    twilio.message_status(message.message_sid, "failed", ErrorCode="21610", MessagingServiceSid=POOL)

    assert Contact.objects.get(number=CUSTOMER).opted_out_at is not None


def test_the_numbers_of_a_pool_share_its_pace(pool, settings):
    settings.SMS_MESSAGING_SERVICE_PER_SECOND = 2
    texts = [
        queue(f"+141555520{n:02}", number=(ACME_NUMBER, SECOND_NUMBER)[n % 2], purpose=Purpose.NOTICE) for n in range(8)
    ]
    started = timezone.now()
    left = sum(run(text).status == Status.SENT_TO_PROVIDER for text in texts)

    seconds = (timezone.now() - started).total_seconds()
    assert 2 <= left <= 3 + 2 * seconds
    assert [pace.number for pace in SenderPace.objects.all()] == [POOL]
    assert max(text.next_attempt_at for text in texts if text.next_attempt_at) < started + timedelta(seconds=5)


def test_a_pool_that_twilio_does_not_know_fails_the_text_with_its_code(pool):
    PhoneNumber.objects.update(messaging_service_sid="MG" + "0" * 32)
    message = run(queue())

    assert (message.status, message.error_code) == (Status.FAILED, 21703)


def test_a_sid_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="MG and 32 hexadecimal digits"):
        PhoneNumber(number=ACME_NUMBER, messaging_service_sid="PN" + "a" * 32).clean_fields(exclude=["tenant"])
