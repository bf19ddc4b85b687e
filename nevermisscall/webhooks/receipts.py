"""Answer each webhook once, and every repeat with the same answer."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from nevermisscall.webhooks.models import WebhookReceipt
from nevermisscall.webhooks.parsing import Params

XML = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to Twilio."""

    status_code: int
    content_type: str = ""
    body: str = ""


def once(
    *, kind: str, account_sid: str, key: str, params: Params, token: str, work: Callable[[int], Answer]
) -> tuple[Answer, bool]:
    """Do `work(receipt_id)` unless this webhook was answered before. Returns the answer and whether it is a repeat.

    The first request to insert the receipt does the work; a copy that arrives meanwhile waits for its commit and gets
    its answer. If the work fails nothing is kept, and a repeat starts afresh.
    """
    with transaction.atomic():
        receipt = _insert(kind, account_sid, key, params, token)
        if receipt is None:
            return _stored(kind, account_sid, key), True
        answer = work(receipt)
        WebhookReceipt.objects.filter(pk=receipt).update(
            status_code=answer.status_code, content_type=answer.content_type, answer=answer.body
        )
        return answer, False


def _insert(kind: str, account_sid: str, key: str, params: Params, token: str) -> int | None:
    # bulk_create(ignore_conflicts=True) does not say whether it inserted.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO webhooks_webhookreceipt
                (kind, account_sid, key, params, idempotency_token, status_code, content_type, answer, received_at)
            VALUES (%s, %s, %s, %s, %s, 200, '', '', clock_timestamp())
            ON CONFLICT (account_sid, kind, key) DO NOTHING RETURNING id
            """,
            [kind, account_sid, key, params.as_json(), token[:100]],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _stored(kind: str, account_sid: str, key: str) -> Answer:
    first = WebhookReceipt.objects.get(account_sid=account_sid, kind=kind, key=key)
    return Answer(first.status_code, first.content_type, first.answer)
