"""The statements by which a world begins anew, ages, and looks what is due: made from the models."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import DateTimeField

from nevermisscall.outbox import queues

SETUP = {  # what stays from story to story
    "auth_user", "outbox_heartbeat", "tenants_tenant", "tenants_phonenumber", "tenants_ownernumber", "tenants_closure",
    "tenants_membership", "booking_resource", "webhooks_webhookminute",
}  # fmt: skip
OURS = ("nevermisscall.", "tenants", "calls", "sms", "conversations")


def _models() -> list[Any]:
    return [model for model in apps.get_models() if model.__module__.startswith(OURS)]


def tables() -> list[str]:
    return [model._meta.db_table for model in _models()]


def shift_statements() -> str:
    statements = []
    for model in _models():
        columns = [field.column for field in model._meta.local_concrete_fields if isinstance(field, DateTimeField)]
        if columns and model._meta.db_table not in SETUP:
            moved = ", ".join(f'"{column}" = "{column}" - interval \'$SECONDS seconds\'' for column in columns)
            statements.append(f'UPDATE "{model._meta.db_table}" SET {moved}')
    return f"BEGIN; SET LOCAL session_replication_role = replica; {'; '.join(statements)}; COMMIT"


def shift_rows(rows: Iterable[Any], seconds: float) -> None:
    """Make rows that somebody holds in memory so much older."""
    for row in rows:
        for field in row._meta.local_concrete_fields:
            moment = getattr(row, field.attname)
            if isinstance(field, DateTimeField) and moment is not None:
                setattr(row, field.attname, moment - timedelta(seconds=seconds))


def due_statement() -> str:
    looks = [
        f"SELECT '{queue.name}' WHERE EXISTS (SELECT 1 FROM \"{queue.model._meta.db_table}\" "
        f"WHERE {queue.due} <= statement_timestamp() AND dead_at IS NULL "
        "AND (lease_until IS NULL OR lease_until < statement_timestamp()))"
        for queue in queues.every()
    ]
    return " UNION ALL ".join(looks)


def under_way_statement() -> str:
    leased = [
        f'EXISTS (SELECT 1 FROM "{queue.model._meta.db_table}" '
        f"WHERE lease_until IS NOT NULL AND {queue.due} IS NOT NULL AND dead_at IS NULL)"
        for queue in queues.every()
    ]
    # A queued one may wait for a moment behind one with the same words, of which nobody knows whether it arrived.
    texts = (
        "EXISTS (SELECT 1 FROM sms_message AS message WHERE status IN ('sending', 'unknown') OR (status = 'queued' "
        "AND (next_attempt_at > statement_timestamp() "
        "OR EXISTS (SELECT 1 FROM sms_sendattempt WHERE message_id = message.id))))"
    )
    return f"SELECT {' OR '.join([texts, *leased])}"
