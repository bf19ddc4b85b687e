"""What must add up, whatever happened: our rows, what Twilio accepted, and what was posted."""

import uuid
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from calls.models import Call
from nevermisscall.webhooks.models import WebhookReceipt
from sms.models import Message, SendAttempt
from tests.machine.carrier import Carrier, Text
from tests.machine.webhooks import Ring, Webhook


def nothing_was_sent_twice(carrier: Carrier) -> None:
    """Each attempt reached Twilio once, and of each text at most one attempt was accepted."""
    tokens = Counter(urlsplit(text.callback).query for text in carrier.texts)
    assert all(count == 1 for count in tokens.values()), "an attempt was made twice"
    messages = dict(SendAttempt.objects.values_list("token", "message_id"))
    taken = Counter(messages[_attempt(text)] for text in carrier.texts)
    doubled = [message for message, count in taken.items() if count > 1]
    assert not doubled, f"a text was sent twice: {doubled}"


def balance(carrier: Carrier, history: list[Webhook], rings: list[Ring]) -> None:
    """At the end each webhook has one receipt, each call its outcome, and each text of ours is the one Twilio has."""
    assert WebhookReceipt.objects.count() == len(history), "a webhook was lost or recorded twice"
    outcomes = dict(Call.objects.values_list("call_sid", "outcome"))
    assert outcomes == {ring.call_sid: ring.outcome for ring in rings}
    rows = Message.objects.filter(direction="outbound", message_sid__isnull=False)
    ours = {row.message_sid: row.status for row in rows}
    theirs = {text.sid: text.truth.replace("queued", "sent_to_provider") for text in carrier.texts}
    assert ours == theirs, "our rows are not what Twilio has"
    bodies = {row.message_sid: (row.to_number, row.body) for row in rows}
    assert bodies == {text.sid: (text.to, text.body) for text in carrier.texts}, "a row has another text's SID"
    gaps = _ask(
        "SELECT aggregate FROM outbox_fact GROUP BY aggregate HAVING max(sequence) <> count(*) OR min(sequence) <> 1"
    )
    assert not gaps, f"gaps in the sequence of facts: {gaps}"
    undelivered = _ask("SELECT id FROM outbox_delivery WHERE next_attempt_at IS NOT NULL")
    assert not undelivered, f"facts that nobody heard of: {undelivered}"


def _attempt(text: Text) -> uuid.UUID:
    return uuid.UUID(urlsplit(text.callback).query.partition("=")[2])


def _ask(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()
