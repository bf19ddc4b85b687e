"""The owner is told of missed calls and texts that were found hours later: in one text, when they want to hear of it.

Whoever was written to, or spoken with, since is left out: somebody has taken care of them.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from calls.models import Call
from conversations import alerts
from conversations.models import Entry, LateItem, LateNews
from nevermisscall.lib import phones
from nevermisscall.lib.clock import DatabaseClock, utcnow
from nevermisscall.lib.logs import bind
from nevermisscall.outbox.queues import Lane, Queue
from sms import services as sms_services
from sms.models import Message, Status
from sms.services import TextRefused
from tenants import routing, texts
from tenants import services as tenant_services
from tenants.compliance import Purpose
from tenants.models import PhoneNumber, Tenant

MORE_MAY_COME = timedelta(seconds=30)
WAIT_AT_MOST = timedelta(minutes=5)
# What is hours old waits for the hours in which the owner may be rung about it, unless the business takes calls now.
FROM_HOUR, TO_HOUR = 8, 21
LOOK_AGAIN = timedelta(hours=1)
SHOWN, WORDS_SHOWN = 8, 60

logger = logging.getLogger(__name__)


def note_call(call: Call) -> None:
    """Tell the owner soon of a missed call that was found too late to text its caller. Repeating it changes nothing."""
    assert call.tenant_id is not None, "nobody's call is nobody's news"
    _note(call.tenant_id, call=call, customer=call.from_number, happened_at=call.started_at)


def note_text(message: Message) -> None:
    """The same for a customer's text that was found too late to answer it by itself."""
    assert message.tenant_id is not None, "nobody's text is nobody's news"
    _note(message.tenant_id, message=message, customer=message.from_number, happened_at=message.created_at)


def was_written_to(*, tenant_id: int, customer: str, since: datetime) -> bool:
    """Tell whether the business has texted somebody since then."""
    sent = Message.objects.filter(
        tenant_id=tenant_id, direction=Message.Direction.OUTBOUND, to_number=customer, created_at__gt=since
    )
    return sent.exclude(status__in=[Status.FAILED, Status.EXPIRED, Status.CANCELED]).exists()


@transaction.atomic
def tell(news: LateNews) -> timedelta | None:
    """Send the one text, if there is still something to tell. Returns when to look again while it is not welcome."""
    row = LateNews.objects.select_for_update(of=["self"]).select_related("tenant").filter(pk=news.pk).first()
    if row is None or row.fence != news.fence or row.told_at is not None:
        return None
    bind(tenant_id=row.tenant_id)
    sender, owner = tenant_services.alert_numbers(tenant_id=row.tenant_id)
    wait = _until_welcome(row.tenant, sender)
    if wait:
        return wait
    items = [item for item in row.items.select_related("call", "message") if not _is_settled(row.tenant_id, item)]
    if items and (sender is None or not owner):
        logger.error("an owner alert has no phone to go to: give the business an owner number")
    elif items and sender is not None:
        row.message = _send(row, items, sender, owner)
    row.told_at = utcnow()
    row.save(update_fields=["told_at", "message"])
    return None


@transaction.atomic
def _note(
    tenant_id: int, *, customer: str, happened_at: datetime, call: Call | None = None, message: Message | None = None
) -> None:
    news, _ = LateNews.objects.select_for_update().get_or_create(
        tenant_id=tenant_id, told_at=None, defaults={"tell_at": DatabaseClock() + MORE_MAY_COME}
    )
    about = {"call": call} if call else {"message": message}
    LateItem.objects.get_or_create(**about, defaults={"news": news, "customer": customer, "happened_at": happened_at})
    # Nothing is under way: whoever tells holds the row's lock.
    LateNews.objects.filter(pk=news.pk).update(
        tell_at=Least(F("created_at") + WAIT_AT_MOST, DatabaseClock() + MORE_MAY_COME),
        fence=None,
        lease_until=None,
        dead_at=None,
    )


def _until_welcome(tenant: Tenant, sender: PhoneNumber | None) -> timedelta | None:
    now = utcnow()
    if tenant.alerts_quiet_until is not None and now < tenant.alerts_quiet_until:
        return min(tenant.alerts_quiet_until - now, LOOK_AGAIN)
    local = now.astimezone(ZoneInfo(tenant.timezone))
    route = routing.table.route(sender.number) if sender else None
    if FROM_HOUR <= local.hour < TO_HOUR or (route is not None and bool(route.hours) and route.rings_at(now)):
        return None
    opening = local.replace(hour=FROM_HOUR, minute=0, second=0, microsecond=0)
    opening += timedelta(days=opening <= local)
    return min(opening - local, LOOK_AGAIN)


def _is_settled(tenant_id: int, item: LateItem) -> bool:
    later = Call.objects.filter(
        tenant_id=tenant_id,
        from_number=item.customer,
        outcome=Call.Outcome.ANSWERED,
        started_at__gt=item.happened_at,
    )
    return was_written_to(tenant_id=tenant_id, customer=item.customer, since=item.happened_at) or later.exists()


def _send(row: LateNews, items: list[LateItem], sender: PhoneNumber, owner: str) -> Message | None:
    if len(items) == 1 and items[0].message is not None:
        entry = Entry.objects.select_related("conversation__tenant", "conversation__contact").filter(
            message=items[0].message
        )
        for one in entry:
            return alerts.relay(one.conversation, items[0].message)
    lines = list(_lines(row.tenant, items))
    more = [f"+{len(lines) - SHOWN}"] if len(lines) > SHOWN else []
    body = texts.render(
        tenant_id=row.tenant_id,
        key="owner_late_news",
        language=row.tenant.language,
        values={"business": row.tenant.name, "list": "\n".join([*lines[:SHOWN], *more])},
    )
    try:
        return sms_services.send_message(
            number=sender,
            to_number=owner,
            body=body[: sms_services.MAX_BODY],
            purpose=Purpose.OWNER_ALERT,
            idempotency_key=f"owner:late:{row.pk}",
        )
    except TextRefused as refusal:
        logger.error("the owner cannot be told by text", extra={"rule": refusal.verdict.rule})
        return None


def _lines(tenant: Tenant, items: list[LateItem]) -> Iterable[str]:
    """One line for each customer, in the order in which they first called or wrote."""
    handles = dict(
        Entry.objects.filter(message__in=[item.message_id for item in items if item.message_id]).values_list(
            "message_id", "conversation_id"
        )
    )
    customers: dict[str, list[LateItem]] = {}
    for item in items:
        customers.setdefault(item.customer, []).append(item)
    for customer, theirs in customers.items():
        whole = [_when(tenant, item) + _words(item) for item in theirs]
        handle = next((f"#{handles[item.message_id]} " for item in theirs if item.message_id in handles), "")
        yield f"{handle}{_name(customer, tenant.language)}: {', '.join(whole)}"


def _when(tenant: Tenant, item: LateItem) -> str:
    zone = ZoneInfo(tenant.timezone)
    local, today = item.happened_at.astimezone(zone), utcnow().astimezone(zone)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%m/%d %H:%M}"


def _words(item: LateItem) -> str:
    if item.message is None:
        return ""
    words = alerts.words_of(item.message)
    return f' "{words if len(words) <= WORDS_SHOWN else words[:WORDS_SHOWN].rstrip() + "…"}"'


def _name(number: str, language: str) -> str:
    if phones.classify(number) == phones.CallerKind.WITHHELD:
        return "un número oculto" if language == "es" else "a withheld number"
    return phones.national(number)


QUEUE = Queue(
    name="conversations.late_news",
    model=LateNews,
    due="tell_at",
    lane=Lane.DEFAULT,
    handle=tell,
)
