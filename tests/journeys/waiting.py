"""Customers who wait for the AI, written straight into the database: hundreds of timers due within a second."""

from datetime import datetime
from typing import Any

from tests.journeys.stack import Stack

BUSINESS = "+15005550100"

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


def write(stack: Stack, start: str, count: int, due: str) -> dict[int, datetime]:
    """Write `count` waiting conversations; `start` is what their numbers begin with. Returns each one's due time."""
    values = {"start": start, "count": count, "business": BUSINESS}
    return dict(stack.query(WAITING.replace("{due}", due), values))


def answers(stack: Stack, due: dict[int, datetime]) -> list[tuple[Any, ...]]:
    """Return conversation and time of each text of the AI."""
    return stack.rows(ANSWERS, list(due))


def lateness(stack: Stack, due: dict[int, datetime]) -> list[float]:
    """Return by how many seconds each text of the AI was late, the worst last."""
    return sorted((at - due[conversation]).total_seconds() for conversation, at in answers(stack, due))
