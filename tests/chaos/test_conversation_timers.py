"""The AI's minute on the running product: ten thousand customers who wait, and a worker killed a second before."""

import statistics
import time

import pytest

from tests.journeys.stack import Stack, wait_until

BUSINESS = "+15005550100"
OUTSTANDING, DUE, PER_SECOND = 9_500, 500, 5

# Conversations as a customer's text leaves them, with the answer due at an SQL expression in which `i` counts from 1.
WAITING = """
    WITH n AS (SELECT i, %(start)s || lpad(i::text, 7, '0') AS phone FROM generate_series(1, %(count)s) AS i),
    number AS (SELECT id, tenant_id, number FROM tenants_phonenumber WHERE number = %(business)s),
    person AS (
        INSERT INTO tenants_contact (tenant_id, number, name, language, is_personal, is_landline, notes, created_at)
        SELECT tenant_id, phone, '', 'en', false, false, '', now() FROM n, number RETURNING id, number
    ),
    text AS (
        INSERT INTO sms_message (tenant_id, phone_number_id, direction, purpose, taken_as, sender_type, priority,
            from_number, to_number, body, idempotency_key, verdict, status, media_urls, possible_duplicate, created_at,
            attempts, last_error)
        SELECT tenant_id, number.id, 'inbound', '', 'conversation', 'customer', 0, phone, number,
            'my kitchen sink is blocked', 'chaos:' || phone, '{}', 'received', '[]', false, now(), 0, ''
        FROM n, number RETURNING id, from_number
    ),
    conversation AS (
        INSERT INTO conversations_conversation (tenant_id, phone_number_id, contact_id, customer_phone, status,
            ownership, last_activity, created_at, attempts, last_error, ai_timer_started, ai_timer_started_at,
            ai_due_at, last_customer_message_id)
        SELECT tenant_id, number.id, person.id, phone, 'active', 'none', now(), now(), 0, '', true, now(), {due},
            text.id
        FROM n JOIN person ON person.number = phone JOIN text ON from_number = phone, number
        RETURNING id, last_customer_message_id, ai_due_at
    ),
    line AS (
        INSERT INTO conversations_entry (conversation_id, message_id, created_at)
        SELECT id, last_customer_message_id, now() FROM conversation
    )
    SELECT id, ai_due_at FROM conversation
"""
ANSWERS = """
    SELECT entry.conversation_id, message.created_at FROM conversations_entry entry
    JOIN sms_message message ON message.id = entry.message_id
    WHERE message.sender_type = 'ai' AND entry.conversation_id = ANY(%s)
"""


@pytest.fixture
def waiting(stack, phone):
    """Write waiting conversations; returns when each is due, by its id."""

    def write(start: str, count: int, due: str):
        values = {"start": start, "count": count, "business": BUSINESS}
        return dict(stack.query(WAITING.replace("{due}", due), values))

    return write


def answers(stack: Stack, due) -> list:
    return stack.rows(ANSWERS, list(due))


def test_ten_thousand_customers_wait(stack, waiting, say):
    waiting("+1332", OUTSTANDING, "now() + interval '1 hour'")
    due = waiting("+1347", DUE, f"now() + interval '3 seconds' + i * interval '1 second' / {PER_SECOND}")
    wait_until(lambda: len(answers(stack, due)) >= DUE, seconds=200)
    time.sleep(2)
    found = answers(stack, due)
    lateness = sorted((at - due[conversation]).total_seconds() for conversation, at in found)
    p50, p99 = statistics.median(lateness), lateness[int(len(lateness) * 0.99) - 1]
    lost, doubled = DUE - len({row[0] for row in found}), len(found) - len({row[0] for row in found})
    say(
        f"{OUTSTANDING + DUE} outstanding, {DUE} due at {PER_SECOND} a second: late p50 {p50:.2f} s, p99 {p99:.2f} s, "
        f"most {lateness[-1]:.2f} s; {lost} lost, {doubled} doubled"
    )

    assert (lost, doubled) == (0, 0)
    assert lateness[0] >= 0
    assert p99 < 5


def test_a_worker_that_dies_a_second_before_is_not_waited_for(stack, waiting, say):
    """Two workers; one is killed at 59 s. The other answers at 60."""
    stack.start_process("worker", as_name="second worker")
    due = waiting("+1646", 20, "now() + interval '60 seconds'")
    time.sleep(59)
    stack.kill("worker")
    wait_until(lambda: len(answers(stack, due)) >= 20, seconds=40)
    lateness = [(at - due[conversation]).total_seconds() for conversation, at in answers(stack, due)]
    stack.start_process("worker")
    stack.kill("second worker")
    say(f"20 customers, a worker killed at 59 s: answered {60 + min(lateness):.1f} to {60 + max(lateness):.1f} s after")

    assert len(lateness) == 20
    assert max(lateness) < 3


def test_the_only_worker_dies_a_second_before_and_is_restarted(stack, waiting, say):
    due = waiting("+1718", 20, "now() + interval '60 seconds'")
    time.sleep(59)
    stack.kill("worker")
    stack.start_process("worker")
    wait_until(lambda: len(answers(stack, due)) >= 20, seconds=60)
    lateness = [(at - due[conversation]).total_seconds() for conversation, at in answers(stack, due)]
    say(
        f"the only worker killed at 59 s and started again: answered {60 + min(lateness):.1f} to "
        f"{60 + max(lateness):.1f} s after"
    )

    assert len(lateness) == 20
    assert max(lateness) < 30
