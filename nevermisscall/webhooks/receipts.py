"""Answer each webhook once, and every repeat with the same answer."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error, connection, transaction

from nevermisscall.lib import clock
from nevermisscall.webhooks.models import WebhookReceipt
from nevermisscall.webhooks.parsing import Params

XML = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to Twilio."""

    status_code: int
    content_type: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What identifies one webhook, and everything it said. `key` is what its repeats have in common."""

    kind: str
    account_sid: str
    key: str
    params: Params
    token: str  # I-Twilio-Idempotency-Token: on retries only, so it explains a repeat but cannot find one

    def columns(self) -> dict[str, str]:
        """Return the receipt's columns, for SQL."""
        return {
            "kind": self.kind,
            "account_sid": self.account_sid,
            "key": self.key,
            "params": self.params.as_json(),
            "token": self.token[:100],
        }


def once(envelope: Envelope, work: Callable[[int], Answer]) -> tuple[Answer, bool]:
    """Do `work(receipt_id)` unless this webhook was answered before. Returns the answer and whether it is a repeat.

    The first request to insert the receipt does the work; a copy that arrives meanwhile waits for its commit and gets
    its answer. If the work fails nothing is kept, and a repeat starts afresh.
    """
    with transaction.atomic():
        try:
            return _first_or_repeat(envelope, work)
        except Error:
            held = connection.connection
            if held is not None and held.closed:
                # Otherwise leaving the block would connect anew, which takes two seconds if the server is frozen.
                connection.close()
            raise


def _first_or_repeat(envelope: Envelope, work: Callable[[int], Answer]) -> tuple[Answer, bool]:
    receipt_id = _insert(envelope)
    if receipt_id is None:
        return _stored(envelope), True
    answer = work(receipt_id)
    _keep(receipt_id, answer)
    return answer, False


def _insert(envelope: Envelope) -> int | None:
    # bulk_create(ignore_conflicts=True) does not say whether it inserted.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO webhooks_webhookreceipt
                (kind, account_sid, key, params, idempotency_token, status_code, content_type, answer, received_at)
            VALUES (%(kind)s, %(account_sid)s, %(key)s, %(params)s, %(token)s, 200, '', '',
                clock_timestamp() - make_interval(secs => %(lag)s))
            ON CONFLICT (account_sid, kind, key) DO NOTHING RETURNING id
            """,
            {**envelope.columns(), "lag": clock.lag().total_seconds()},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _keep(receipt_id: int, answer: Answer) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_webhookreceipt SET status_code = %s, content_type = %s, answer = %s WHERE id = %s",
            [answer.status_code, answer.content_type, answer.body, receipt_id],
        )


def _stored(envelope: Envelope) -> Answer:
    first = WebhookReceipt.objects.get(account_sid=envelope.account_sid, kind=envelope.kind, key=envelope.key)
    return Answer(first.status_code, first.content_type, first.answer)
