"""Many first texts at once: one conversation, every text in it."""

import threading

import pytest
from django.db import connection
from django.test import Client

from conversations.models import Conversation, Entry
from nevermisscall.outbox import work
from nevermisscall.outbox.facts import DELIVERIES
from sms.models import Message
from tenants.models import Consent, Contact
from tests.fixtures.people import make_business
from tests.fixtures.webhooks import TwilioPhone, new_sid


def at_once(*jobs):
    """Run every job on a thread of its own, all starting together."""
    barrier, errors = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            barrier.wait()
            job()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


@pytest.mark.django_db(transaction=True)
def test_first_texts_at_once_open_one_conversation():
    make_business()
    at_once(*[lambda n=n: TwilioPhone(Client()).text(f"text {n}") for n in range(6)])
    due = work.claim(DELIVERIES, limit=100)
    at_once(*[lambda row=row: work.run_claimed(DELIVERIES, row) for row in due])
    for row in work.claim(DELIVERIES, limit=100):
        work.run_claimed(DELIVERIES, row)

    assert Message.objects.count() == Entry.objects.count() == 6
    assert Conversation.objects.count() == Contact.objects.count() == 1
    assert Consent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_copies_of_one_text_at_once_are_one_text():
    make_business()
    sid, answers = new_sid("SM"), []
    at_once(*[lambda: answers.append(TwilioPhone(Client()).text("stop texting me", MessageSid=sid)) for _ in range(6)])

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert Message.objects.filter(direction="inbound").count() == 1
    assert Message.objects.filter(direction="outbound").count() == 1
