"""The admin's sidebar and its search (Ctrl+K): what an operator looks for, not how the tables are called."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from calls.alerts.models import AlertCall
from calls.models import Call, CallEvent
from conversations.booking.models import Appointment, BusyTime, CalendarFeed, Resource
from conversations.emergencies.models import Escalation
from conversations.models import Conversation, Entry, LateNews
from conversations.owner.models import OwnerText
from nevermisscall.api.models import IdempotentRequest
from nevermisscall.backup.models import Backup
from nevermisscall.lib.admin import change_url, list_url, shown_number
from nevermisscall.outbox import queues
from nevermisscall.outbox.admin import dead_letter_count, may_view
from nevermisscall.outbox.models import Delivery, Fact, Heartbeat
from nevermisscall.reconciling.models import Disposition, Reconciliation
from nevermisscall.status.models import ServiceState
from nevermisscall.webhooks.journal import files
from nevermisscall.webhooks.models import WebhookMinute, WebhookReceipt
from sms.bulk.models import Batch, Recipient
from sms.models import AccountPause, Message, MessageMedia, SendAttempt, SenderPace
from tenants.models import ApiKey, Consent, Contact, Membership, PhoneNumber, Tenant, TextTemplate, TwilioAccount

GROUPS: dict[str, list[tuple[str, str, type[Model]]]] = {
    "Every day": [
        ("Calls", "call", Call),
        ("Conversations", "forum", Conversation),
        ("Emergencies", "emergency", Escalation),
        ("Visits", "event", Appointment),
        ("Texts", "sms", Message),
        ("Bulk texts", "campaign", Batch),
        ("Alert calls", "phone_forwarded", AlertCall),
        ("Calls day by day", "fact_check", Disposition),
    ],
    "Businesses": [
        ("Businesses", "storefront", Tenant),
        ("Numbers", "dialpad", PhoneNumber),
        ("Contacts", "contacts", Contact),
        ("Who makes visits", "engineering", Resource),
        ("Busy times", "event_busy", BusyTime),
        ("Calendar feeds", "calendar_month", CalendarFeed),
        ("Wording of texts", "edit_note", TextTemplate),
    ],
    "Behind the scenes": [
        ("Webhooks", "webhook", WebhookReceipt),
        ("Twilio's lists", "sync", Reconciliation),
        ("Late news", "notification_important", LateNews),
        ("Webhooks by the minute", "timer", WebhookMinute),
        ("Call events", "timeline", CallEvent),
        ("Files of texts", "image", MessageMedia),
        ("Consents", "fact_check", Consent),
        ("Send attempts", "outgoing_mail", SendAttempt),
        ("Bulk recipients", "groups", Recipient),
        ("Sending pace", "speed", SenderPace),
        ("Paused accounts", "pause_circle", AccountPause),
        ("Entries", "notes", Entry),
        ("Texts from owners", "person_edit", OwnerText),
        ("API requests", "api", IdempotentRequest),
        ("Facts", "history_edu", Fact),
        ("Deliveries", "local_shipping", Delivery),
        ("Services", "cloud", ServiceState),
        ("Workers", "memory", Heartbeat),
        ("Backups", "backup", Backup),
    ],
    "Access": [
        ("Twilio accounts", "vpn_key", TwilioAccount),
        ("API keys", "key", ApiKey),
        ("Memberships", "badge", Membership),
        ("Logins", "person", User),
        ("Groups", "group", Group),
        ("Audit log", "history", LogEntry),
    ],
}
SELDOM = {"Behind the scenes", "Access"}  # folded away until one is opened
FOUND = 8  # rows of each kind that the search shows
SEARCHED: tuple[tuple[type[Model], str, Callable[[Any], str]], ...] = (
    (Call, "call", lambda call: f"{shown_number(call.from_number)} · {call.started_at:%d %b %H:%M} UTC"),
    (Message, "sms", lambda text: f"{shown_number(text.to_number)} · {text.get_status_display()}"),
    (Conversation, "forum", lambda conversation: shown_number(conversation.customer_phone)),
    (Contact, "contacts", lambda contact: f"{shown_number(contact.number)} {contact.name}"),
    (Tenant, "storefront", str),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: what this user may look at, and how many dead letters wait."""
    groups: list[dict[str, Any]] = [{"title": "", "items": _overview(request)}]
    for title, models in GROUPS.items():
        items = [
            _item(request, name, icon, list_url(model)) for name, icon, model in models if may_view(request, model)
        ]
        if items:
            groups.append({"title": title, "items": items, "separator": True, "collapsible": title in SELDOM})
    return groups


def environment(_request: HttpRequest) -> list[str] | None:
    """Return the mark beside the title, so that nobody takes a test for the real thing."""
    return None if settings.PRODUCTION else ["Development", "info"]


def favicon(_request: HttpRequest) -> str:
    """Return the mark of the browser's tab: a receiver on our colour."""
    mark = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'>"
        "<rect width='24' height='24' rx='5' fill='#0e8f86'/>"
        "<path fill='#fff' d='M8 5l2 4-1.6 1.4a9 9 0 0 0 5.2 5.2L15 14l4 2v2c0 .6-.4 1-1 1"
        "A13 13 0 0 1 5 6c0-.6.4-1 1-1z'/>"
        "</svg>"
    )
    return f"data:image/svg+xml,{quote(mark)}"


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    """Return calls, texts, people and businesses for a number, a SID or a name: the newest few of each."""
    results = []
    for model, icon, describe in SEARCHED:
        page = admin.site.get_model_admin(model)
        if not page.has_view_permission(request):
            continue
        rows, _ = page.get_search_results(request, model._default_manager.order_by("-pk"), term)
        name = str(model._meta.verbose_name).capitalize()
        results += [SearchResult(describe(row), name, change_url(row), icon) for row in rows.distinct()[:FOUND]]
    return results


def _overview(request: HttpRequest) -> list[dict[str, Any]]:
    items = [_item(request, "Dashboard", "monitoring", reverse("admin:index"))]
    if any(may_view(request, queue.model) for queue in queues.every()):
        letters = _item(request, "Dead letters", "report", reverse("admin:dead_letters"))
        count = dead_letter_count(request)
        items.append({**letters, "badge": count, "badge_variant": "danger"} if count else letters)
    if may_view(request, WebhookReceipt):
        journal = _item(request, "Journal", "save", reverse("admin:journal"))
        count = len(files.poison())
        items.append({**journal, "badge": count, "badge_variant": "danger"} if count else journal)
    return items


def _item(request: HttpRequest, title: str, icon: str, url: str) -> dict[str, Any]:
    # unfold also marks pages whose addresses begin alike, such as the list of deliveries on that of dead letters.
    alike = request.path.endswith(("dead-letters/", "journal/"))
    below = request.path.startswith(url) and not alike and url != reverse("admin:index")
    return {"title": title, "icon": icon, "link": url, "active": request.path == url or below}
