"""Conversations as an operator finds them, reads them and acts in them."""

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from conversations import (
    admin_calls,  # noqa: F401 - adds what followed to the page of a call
    admin_late,  # noqa: F401 - registers its page
)
from conversations.admin_acting import DRAFT, ActingAdmin, may_act
from conversations.admin_chat import chat_of, name_of, offers
from conversations.models import Alert, Conversation, ConversationQuerySet, Entry, Transition
from nevermisscall.lib.admin import (
    DANGER,
    INFO,
    NONE,
    SUCCESS,
    WARNING,
    DayRangeFilter,
    RecordAdmin,
    ago,
    badge,
    change_url,
    link,
    shown_number,
)
from nevermisscall.lib.clock import utcnow

Status, Urgency = Conversation.Status, Conversation.Urgency

STATE_COLOURS: dict[str, str] = {Status.ACTIVE: WARNING, Status.COMPLETED: SUCCESS}
URGENCY_COLOURS: dict[str, str] = {Urgency.EMERGENCY: DANGER, Urgency.URGENT: WARNING}
EMERGENCIES_SHOWN = 5
MOST_COUNTED = 1000


class OpenFilter(admin.SimpleListFilter):
    """Conversations by whether there is something left to do in them."""

    title = "open"
    parameter_name = "open"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "The customer waits for an answer"), ("yes", "Open"), ("no", "Completed")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Conversation]) -> QuerySet[Conversation] | None:
        assert isinstance(queryset, ConversationQuerySet)
        if self.value() == "waiting":
            return queryset.waiting()
        return queryset.matching(open=self.value() == "yes") if self.value() in {"yes", "no"} else queryset


@admin.register(Conversation)
class ConversationAdmin(ActingAdmin):
    list_display = ("last_activity", "customer", "waits", "urgency", "state", "held_by", "tenant_link", "contact_link")
    list_display_links = ("last_activity", "customer")
    list_filter = (
        OpenFilter,
        "urgency_level",
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
    list_before_template = "admin/conversations/conversation/urgent.html"
    change_form_template = "admin/conversations/conversation/change_form.html"
    fields = (
        ("customer", "contact_link", "tenant_link"),
        ("state", "held_by", "urgency"),
        ("job_type", "language", "outcome"),
        ("created_at", "phone_number", "call"),
        "summary",
    )
    readonly_fields = ("customer", "contact_link", "tenant_link", "state", "held_by", "urgency")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        rows = super().get_queryset(request)
        return rows.select_related("tenant", "contact", "phone_number", "call", "user", "last_customer_message")

    def find_sid(self, sid: str) -> Q:
        about = Q(call__call_sid__startswith=sid) | Q(message__message_sid__startswith=sid)
        return Q(pk__in=Entry.objects.filter(about).values("conversation_id"))

    def get_urls(self) -> list[URLPattern]:
        live = path("<int:pk>/live/", self.admin_site.admin_view(self.live), name="conversations_conversation_live")
        return [live, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        rows = Conversation.objects.open()
        emergencies = rows.filter(urgency_level=Urgency.EMERGENCY).select_related("tenant").order_by("-last_activity")
        context = {
            "emergencies": [
                {"url": change_url(row), "customer": shown_number(row.customer_phone), "tenant": row.tenant}
                for row in emergencies[:EMERGENCIES_SHOWN]
            ],
            "waiting": Conversation.objects.waiting()[:MOST_COUNTED].count(),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        conversation = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if conversation is not None and self.has_view_permission(request, conversation):
            about, words = request.session.pop(DRAFT, (0, ""))
            context = {
                **chat_of(request, conversation),
                "title_of_chat": f"{shown_number(conversation.customer_phone)} and {conversation.tenant}",
                "now": utcnow(),
                "may_act": may_act(request),
                "key": uuid.uuid4(),
                "draft": words if about == conversation.pk else "",
                "outcomes": Conversation.Outcome.choices,
                "offers": offers(request, conversation),
            }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer the page's question, every few seconds, how it looks now. `X-Time` is for its countdown."""
        conversation = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        template = "admin/conversations/conversation/live.html"
        headers = {"X-Time": utcnow().isoformat(), "Cache-Control": "no-store"}
        return TemplateResponse(request, template, chat_of(request, conversation), headers=headers)

    @admin.display(description="Customer", ordering="customer_phone")
    def customer(self, conversation: Conversation) -> str:
        return shown_number(conversation.customer_phone)

    @admin.display(description="Contact")
    def contact_link(self, conversation: Conversation) -> str:
        return link(conversation.contact, conversation.contact.name or "open")

    @admin.display(description="Business")
    def tenant_link(self, conversation: Conversation) -> str:
        return link(conversation.tenant)

    @admin.display(description="Waits", ordering="last_activity")
    def waits(self, conversation: Conversation) -> str:
        return badge(ago(conversation.last_activity), WARNING) if conversation.is_waiting else ""

    @admin.display(description="Urgency", ordering="urgency_level")
    def urgency(self, conversation: Conversation) -> str:
        colour = URGENCY_COLOURS.get(conversation.urgency_level)
        return badge(conversation.get_urgency_level_display(), colour) if colour else NONE

    @admin.display(description="Status", ordering="status")
    def state(self, conversation: Conversation) -> str:
        return badge(conversation.get_status_display(), STATE_COLOURS.get(conversation.status, INFO))

    @admin.display(description="Owned by", ordering="ownership")
    def held_by(self, conversation: Conversation) -> str:
        return name_of(conversation.user) if conversation.user else conversation.get_ownership_display()


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
