"""The hot path: an inbound call that is simply forwarded, recorded in one SQL statement.

It does what `receipts.once` and `services.start_call` do in a dozen: receipt, call, event and fact commit together or
not at all. Where it finds anything already there (a repeat, a callback that overtook the call) it changes nothing and
the ordinary way takes over. `tests/calls/test_arrival.py` holds it against that way, column by column.
"""

import json
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection

from calls.answering import Answering, Plan
from calls.events import CallIncoming
from calls.models import Call, Status, status_from
from calls.rows import SETTLE_MARGIN
from calls.serializers import CallWebhook
from nevermisscall.lib.clock import lag, utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.outbox import facts
from nevermisscall.outbox.models import time_ordered_uuid
from nevermisscall.webhooks.receipts import Answer, Envelope


def record_forwarded(*, envelope: Envelope, webhook: CallWebhook, plan: Plan, answer: Answer) -> bool:
    """Record a new call and the answer it gets. False, with nothing changed, if it is not new or not forwarded."""
    route = plan.route
    if plan.answering != Answering.DIAL or route is None or status_from(webhook.call_status) != Status.RINGING:
        return False
    now = utcnow()
    call = Call(
        call_sid=webhook.call_sid,
        account_sid=webhook.account_sid,
        from_number=webhook.from_number,
        to_number=webhook.to_number,
        tenant_id=route.tenant_id,
        phone_number_id=route.number_id,
        started_at=now,
    )
    values: dict[str, Any] = {
        **envelope.columns(),
        "answer": answer.body,
        "content_type": answer.content_type,
        "now": now,
        "settle_at": now + SETTLE_MARGIN + timedelta(seconds=route.ring_timeout_seconds) + lag(),
        "call_sid": call.call_sid,
        "from_number": call.from_number,
        "to_number": call.to_number,
        "tenant_id": route.tenant_id,
        "number_id": route.number_id,
        "screening": route.answer_screening,
        "experience": plan.answering.name.lower(),
        "fact_id": time_ordered_uuid(),
        "topic": CallIncoming.topic,
        "data": json.dumps(CallIncoming(call).data()),
        "subscribers": facts.subscribers(CallIncoming.topic),
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(_RECORD, values)
            row = cursor.fetchone()
    except IntegrityError:
        return False  # a callback opened the call's row at this very moment
    if row is None or row[0] is None:
        return False
    bind(call_sid=call.call_sid, tenant_id=route.tenant_id)
    facts.ring_for(row[1] or [])
    return True


_RECORD = """
    WITH receipt AS (
        INSERT INTO webhooks_webhookreceipt
            (kind, account_sid, key, params, idempotency_token, status_code, content_type, answer, received_at)
        SELECT %(kind)s, %(account_sid)s, %(key)s, %(params)s::jsonb, %(token)s, 200, %(content_type)s, %(answer)s,
            %(now)s
        WHERE NOT EXISTS (SELECT 1 FROM calls_call WHERE call_sid = %(call_sid)s)
        ON CONFLICT (account_sid, kind, key) DO NOTHING
        RETURNING id
    ), call AS (
        INSERT INTO calls_call
            (call_sid, account_sid, from_number, to_number, tenant_id, phone_number_id, direction, status, outcome,
             missed_reason, screening, dial_call_status, dial_call_sid, answered_by, started_at, settle_at, attempts,
             last_error)
        SELECT %(call_sid)s, %(account_sid)s, %(from_number)s, %(to_number)s, %(tenant_id)s, %(number_id)s, 'inbound',
            'ringing', '', '', %(screening)s, '', '', '', %(now)s, %(settle_at)s, 0, ''
        FROM receipt
        RETURNING id
    ), event AS (
        INSERT INTO calls_callevent (call_id, kind, detail, leg_sid, receipt_id, occurred_at)
        SELECT call.id, 'incoming', %(experience)s, '', receipt.id, %(now)s FROM call, receipt
    ), fact AS (
        INSERT INTO outbox_fact (id, topic, version, tenant_id, aggregate, sequence, data, occurred_at)
        SELECT %(fact_id)s, %(topic)s, 1, %(tenant_id)s, 'call:' || call.id, 1,
            %(data)s::jsonb || jsonb_build_object('call_id', call.id), %(now)s
        FROM call
        RETURNING id
    ), delivery AS (
        INSERT INTO outbox_delivery (fact_id, subscriber, next_attempt_at, attempts, last_error)
        SELECT fact.id, subscriber, %(now)s, 0, '' FROM fact, unnest(%(subscribers)s::text[]) AS subscriber
        RETURNING id
    )
    SELECT (SELECT id FROM call), (SELECT array_agg(id) FROM delivery)
"""
