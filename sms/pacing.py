"""How fast a number may send. Carriers pass about one text a second from a long code and drop what comes faster.

The numbers of a Messaging Service share its pace: the campaign behind it is what carriers count.

A text that somebody waits for is never held back: it goes, and is charged to its number, and Twilio queues the few that
come at once. Everything else leaves only when its number is free, and is told when that will be.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from nevermisscall.lib.phones import CallerKind, classify
from sms.models import Message
from tenants.models import PhoneNumber

SECOND = timedelta(seconds=1)
URGENT_PRIORITY = 2  # missed-call texts, replies of people and of the AI, alerts; see sms.services


def wait_for_slot(message: Message) -> timedelta | None:
    """Charge the message to its number. Returns None if it may leave now, else how long until its own turn.

    Each text that must wait gets a turn of its own, so that a large batch is put off once and not once a second.
    """
    cost = timedelta(seconds=1 / per_second(message.sender))
    values: dict[str, Any] = {
        "number": message.sender.channel,
        "cost": cost,
        # A second's worth may leave at once, so that the pace holds although rows are looked at in ticks.
        "burst": max(timedelta(0), SECOND - cost),
        "urgent": message.priority <= URGENT_PRIORITY,
        "limit": settings.SMS_DAILY_LIMIT_PER_NUMBER or None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHARGE, values)
        if cursor.fetchone():
            return None
        cursor.execute(_RESERVE, values)
        wait: timedelta = cursor.fetchone()[0]
    return wait


def per_second(number: PhoneNumber) -> float:
    """Return how many texts a second a number, or the pool it sends through, may send."""
    if number.texts_per_second:
        return float(number.texts_per_second)
    if number.messaging_service_sid:
        return float(settings.SMS_MESSAGING_SERVICE_PER_SECOND)
    kind = classify(number.number)
    if kind == CallerKind.TOLL_FREE:
        return float(settings.SMS_TOLL_FREE_PER_SECOND)
    if kind == CallerKind.SHORT_CODE:
        return float(settings.SMS_SHORT_CODE_PER_SECOND)
    return float(settings.SMS_LONG_CODE_PER_SECOND)


_CHARGE = """
    INSERT INTO sms_senderpace AS pace (number, free_at, turn_at, day, sent)
    VALUES (%(number)s, clock_timestamp() + %(cost)s, clock_timestamp(), current_date, 1)
    ON CONFLICT (number) DO UPDATE SET
        free_at = greatest(pace.free_at, clock_timestamp()) + %(cost)s,
        sent = CASE WHEN pace.day = current_date THEN pace.sent + 1 ELSE 1 END,
        day = current_date
    WHERE %(urgent)s OR (
        pace.free_at <= clock_timestamp() + %(burst)s
        AND (%(limit)s::integer IS NULL OR pace.day < current_date OR pace.sent < %(limit)s::integer)
    )
    RETURNING 1
"""

# The number is busy until `free_at`, or its day is full; `turn_at` is the last turn that was given away.
_RESERVE = """
    UPDATE sms_senderpace AS pace SET
        turn_at = %(cost)s + greatest(
            pace.turn_at,
            pace.free_at - %(burst)s - %(cost)s,
            clock_timestamp(),
            CASE WHEN pace.day = current_date AND pace.sent >= %(limit)s::integer THEN current_date + 1 END
        )
    WHERE number = %(number)s
    RETURNING turn_at - clock_timestamp()
"""
