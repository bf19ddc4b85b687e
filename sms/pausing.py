"""An account whose credentials Twilio refuses is left alone for a while: its texts wait, and somebody is told."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from nevermisscall.outbox import facts
from nevermisscall.status.events import ServiceDegraded, ServiceRecovered
from sms.models import AccountPause

PAUSE = timedelta(seconds=60)

logger = logging.getLogger(__name__)


def remaining(account_sid: str) -> timedelta | None:
    """Return how long this account's texts must wait; None if they need not. A blank SID is the platform's account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT until - clock_timestamp() FROM sms_accountpause "
            "WHERE account_sid = %s AND until > clock_timestamp()",
            [account_sid or settings.TWILIO_ACCOUNT_SID],
        )
        row = cursor.fetchone()
    return row[0] if row else None


@transaction.atomic
def pause(account_sid: str) -> timedelta:
    """Pause the account and return for how long. The first refusal publishes `service.degraded`."""
    account_sid = account_sid or settings.TWILIO_ACCOUNT_SID
    values: dict[str, Any] = {"sid": account_sid, "pause": PAUSE}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sms_accountpause (account_sid, since, until) "
            "VALUES (%(sid)s, clock_timestamp(), clock_timestamp() + %(pause)s) "
            "ON CONFLICT (account_sid) DO UPDATE SET until = clock_timestamp() + %(pause)s "
            "RETURNING xmax = 0",
            values,
        )
        is_news = cursor.fetchone()[0]
    if is_news:
        logger.error(
            "Twilio refuses this account's credentials; its texts wait until they are mended",
            extra={"account_sid": account_sid},
        )
        facts.publish(ServiceDegraded("twilio", "degraded", account_sid))
    return PAUSE


def resume(account_sid: str) -> None:
    """Note that Twilio accepts the account. After a pause that publishes `service.recovered`, once."""
    account_sid = account_sid or settings.TWILIO_ACCOUNT_SID
    with transaction.atomic():
        paused, _ = AccountPause.objects.filter(account_sid=account_sid).delete()
        if paused:
            facts.publish(ServiceRecovered("twilio", "ok", account_sid))
