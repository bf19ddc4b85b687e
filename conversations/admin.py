"""Conversations as a chat, and what became of a missed call, for the call's own page."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from calls.admin import Chapter, Moment, tell
from calls.alerts.models import AlertCall
from calls.models import Call
from conversations.models import Alert, Conversation, Entry, Transition
from nevermisscall.lib.admin import (
    INFO,
    SUCCESS,
    WARNING,
    DayRangeFilter,
    RecordAdmin,
    badge,
    block,
    change_url,
    link,
    shown_number,
)
from nevermisscall.outbox.admin import may_view
from sms.admin import COLOURS, explain, reports_of
from sms.models import FROM_TWILIO, Message, Status
from tenants.compliance import Purpose

# The reports that end the story of a text.
TOLD = {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED}


@admin.register(Conversation)
class ConversationAdmin(RecordAdmin[Conversation]):
    list_display = ("last_activity", "customer", "contact_link", "tenant_link", "state", "owned_by", "created_at")
    list_display_links = ("last_activity", "customer")
    list_filter = (
        "status",
        "ownership",
        ("tenant", AutocompleteSelectFilter),
        ("last_activity", DayRangeFilter),
    )
    search_fields = ("contact__name",)
    search_help_text = "The customer's number in any spelling, their name, or the SID of a call"
    sid_fields = ("entries__call__call_sid", "entries__message__message_sid")
    number_fields = ("customer_phone",)
    ordering = ("-last_activity", "-pk")
    change_form_template = "admin/conversations/conversation/change_form.html"
    fields = (
        ("customer", "contact_link", "tenant_link"),
        ("state", "owned_by", "phone_number"),
        ("created_at", "last_activity", "call"),
    )
    readonly_fields = ("customer", "contact_link", "tenant_link", "state", "owned_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).select_related("tenant", "contact", "phone_number", "call")

    def find_sid(self, sid: str) -> Q:
        about = Q(call__call_sid__startswith=sid) | Q(message__message_sid__startswith=sid)
        return Q(pk__in=Entry.objects.filter(about).values("conversation_id"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entries = Entry.objects.filter(conversation_id=object_id) if object_id.isdecimal() else Entry.objects.none()
        chat = [_bubble(entry) for entry in entries.select_related("call", "message")]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "chat": chat})

    @admin.display(description="Customer", ordering="customer_phone")
    def customer(self, conversation: Conversation) -> str:
        return shown_number(conversation.customer_phone)

    @admin.display(description="Contact")
    def contact_link(self, conversation: Conversation) -> str:
        return link(conversation.contact, conversation.contact.name or "open")

    @admin.display(description="Business")
    def tenant_link(self, conversation: Conversation) -> str:
        return link(conversation.tenant)

    @admin.display(description="Status", ordering="status")
    def state(self, conversation: Conversation) -> str:
        colours: dict[str, str] = {Conversation.Status.ACTIVE: WARNING, Conversation.Status.COMPLETED: SUCCESS}
        return badge(conversation.get_status_display(), colours.get(conversation.status, INFO))

    @admin.display(description="Owned by", ordering="ownership")
    def owned_by(self, conversation: Conversation) -> str:
        return conversation.get_ownership_display()


@admin.register(Entry)
class EntryAdmin(RecordAdmin[Entry]):
    list_display = ("created_at", "conversation_link", "about")
    list_display_links = ("created_at",)
    list_select_related = ("conversation", "call", "message")
    search_fields = ("conversation__customer_phone",)
    search_help_text = "The customer's number, or the SID of a call or a message"
    sid_fields = ("call__call_sid", "message__message_sid")
    number_fields = ("conversation__customer_phone",)
    ordering = ("-pk",)
    fields = ("conversation_link", "about", "created_at")
    readonly_fields = ("conversation_link", "about")

    @admin.display(description="Conversation")
    def conversation_link(self, entry: Entry) -> str:
        return link(entry.conversation)

    @admin.display(description="About")
    def about(self, entry: Entry) -> str:
        return link(entry.call or entry.message)


def _bubble(entry: Entry) -> dict[str, Any]:
    """Return one line of the chat: the customer's on one side, ours on the other, calls in the middle."""
    if entry.call is not None:
        reason = entry.call.get_missed_reason_display() if entry.call.missed_reason else ""
        title = f"{entry.call.get_outcome_display() or 'Ongoing'} call"
        return {
            "call": entry.call,
            "at": entry.call.started_at,
            "text": title,
            "note": reason,
            "url": change_url(entry.call),
        }
    message = entry.message
    assert message is not None, "an entry is about a call or a message"
    return {
        "message": message,
        "at": message.created_at,
        "text": message.body,
        "note": message.get_status_display(),
        "tone": COLOURS.get(message.status, ""),
        "error": explain(message.error_code) if message.error_code else "",
        "who": message.get_sender_type_display(),
        "side": "ours" if message.direction == Message.Direction.OUTBOUND else "theirs",
        "url": change_url(message),
    }


@tell
def text_back(request: HttpRequest, call: Call) -> Chapter | None:
    """Tell how a missed call was answered by text: the conversation, the text, each attempt, what the carrier said."""
    if not may_view(request, Message):
        return None
    entry = Entry.objects.filter(call=call).select_related("conversation").first()
    keys = (f"missed-call:{call.call_sid}", f"owner:missed-call:{call.call_sid}")
    texts = Message.objects.filter(tenant=call.tenant, idempotency_key__in=keys)
    rows_of = texts.select_related("phone_number__account").prefetch_related("send_attempts")
    messages = list(rows_of.order_by("pk"))
    rows = [("Conversation", link(entry.conversation) if entry else _why_no_conversation(call))]
    for message in messages:
        title = "Text to the owner" if message.purpose == Purpose.OWNER_ALERT else "Text-back"
        rows += [(title, link(message)), ("Status", message.get_status_display()), ("Words", block(message.body))]
        if message.error_code:
            rows.append(("Error", explain(message.error_code)))
    if entry and not messages and call.text_back_at:
        rows.append(("Text-back", "None: the customer was texted within the cooldown."))
    moments = [moment for message in messages for moment in _moments(message)]
    for alert in _owner_calls(request, call, messages):
        result = alert.get_reason_display() if alert.reason else alert.get_status_display()
        rows += [("Call to the owner", link(alert)), ("Result", result)]
        moments += _moments_of_call(alert)
    return Chapter("What followed", rows, moments)


def _owner_calls(request: HttpRequest, call: Call, messages: list[Message]) -> Iterable[AlertCall]:
    """Return the calls to the owner's phone about this caller (`conversations.owner_calls`)."""
    if call.tenant is None or not may_view(request, AlertCall):
        return []
    keys = [f"owner:missed-call:{call.call_sid}", *(f"owner:undelivered:{message.pk}" for message in messages)]
    return AlertCall.objects.filter(tenant=call.tenant, idempotency_key__in=keys).order_by("pk")


def _moments_of_call(alert: AlertCall) -> Iterator[Moment]:
    sid, url = alert.call_sid or "", change_url(alert)
    yield Moment(alert.created_at, "Call to the owner queued", icon="schedule_send", url=url, url_text="call")
    if alert.answered_at is not None:
        yield Moment(alert.answered_at, "Call to the owner picked up", sid=sid, icon="phone_in_talk")
    if alert.accepted_at is not None:
        yield Moment(alert.accepted_at, "The owner pressed 1", icon="check", tone=SUCCESS)
    if alert.ended_at is not None:
        yield Moment(alert.ended_at, "Call to the owner ended", alert.get_reason_display(), icon="call_end")


def _why_no_conversation(call: Call) -> str:
    if call.outcome != Call.Outcome.MISSED:
        return "None: the call was not missed."
    return "None: the caller is not one we text." if call.text_back_at else "None yet."


def _moments(message: Message) -> Iterator[Moment]:
    title = "Text to the owner" if message.purpose == Purpose.OWNER_ALERT else "Text-back"
    url = change_url(message)
    yield Moment(message.created_at, f"{title} queued", icon="schedule_send", url=url, url_text="text")
    for attempt in message.send_attempts.all():
        yield Moment(attempt.started_at, "Request to Twilio", attempt.outcome or "no outcome yet", icon="send")
    reports = reports_of(message)
    if message.sent_at is not None and not (reports and reports[0].received_at < message.sent_at):
        yield Moment(message.sent_at, "Twilio has the text", sid=message.message_sid or "", icon="done")
    for report in reports:
        status = FROM_TWILIO.get(report.params.get("MessageStatus", ""))
        yield Moment(
            at=report.received_at,
            title=f"Twilio reports: {status.label.lower() if status else 'something new'}",
            detail=report.params.get("ErrorCode", ""),
            icon="mark_chat_read" if status == Status.DELIVERED else "sms",
            tone=COLOURS.get(status or "", "") if status in TOLD else "",
            url=change_url(report),
            url_text="webhook",
        )


@admin.register(Transition)
class TransitionAdmin(RecordAdmin[Transition]):
    list_display = ("at", "conversation_link", "from_status", "to_status", "actor", "user", "reason")
    list_display_links = ("at",)
    list_filter = ("actor", "to_status", ("at", DayRangeFilter))
    list_select_related = ("conversation", "user")
    number_fields = ("conversation__customer_phone",)
    search_fields = ("reason",)
    search_help_text = "The customer's number, or words of the reason"
    ordering = ("-pk",)
    fields = ("conversation_link", "at", ("from_status", "to_status"), ("actor", "user"), "reason")
    readonly_fields = ("conversation_link",)

    @admin.display(description="Conversation")
    def conversation_link(self, transition: Transition) -> str:
        return link(transition.conversation)


@admin.register(Alert)
class AlertAdmin(RecordAdmin[Alert]):
    list_display = ("created_at", "conversation_link", "phone", "message_link")
    list_display_links = ("created_at",)
    list_select_related = ("conversation", "message")
    number_fields = ("to_number", "conversation__customer_phone")
    search_fields = ("message__message_sid",)
    search_help_text = "The owner's or the customer's number, or the SID of the text"
    ordering = ("-pk",)
    fields = ("conversation_link", "phone", "message_link", "created_at")
    readonly_fields = ("conversation_link", "phone", "message_link")

    @admin.display(description="Conversation")
    def conversation_link(self, alert: Alert) -> str:
        return link(alert.conversation)

    @admin.display(description="Phone", ordering="to_number")
    def phone(self, alert: Alert) -> str:
        return shown_number(alert.to_number)

    @admin.display(description="Text")
    def message_link(self, alert: Alert) -> str:
        return link(alert.message)
