"""Visits: what is asked for, what is agreed; who makes them, and when they cannot."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from conversations.booking import admin_chat, calendars, services
from conversations.booking.models import Appointment, BusyTime, CalendarFeed, Resource
from nevermisscall.lib.admin import (
    DANGER,
    SUCCESS,
    WARNING,
    Admin,
    DayRangeFilter,
    badge,
    block,
    link,
    shown_number,
)
from nevermisscall.lib.refusals import Refusal
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter

Status = Appointment.Status
COLOURS: dict[str, str] = {
    Status.REQUESTED: WARNING,
    Status.CONFIRMED: SUCCESS,
    Status.EXPIRED: DANGER,
}


@admin.register(Appointment)
class AppointmentAdmin(WorkAdmin[Appointment]):
    list_display = ("when", "state", "customer", "job_type", "address", "tenant_link", "resource", "hold_expires_at")
    list_display_links = ("when",)
    list_filter = ("status", ("tenant", AutocompleteSelectFilter), ("starts_at", DayRangeFilter), WorkFilter)
    list_select_related = ("tenant", "resource", "contact")
    search_fields = ("contact__name", "address", "job_type")
    search_help_text = "The customer's number or name, the address, or the kind of job"
    number_fields = ("contact__number",)
    ordering = ("-starts_at", "-pk")
    fields = (
        ("when", "state", "resource"),
        ("customer", "conversation_link", "tenant_link"),
        ("job_type", "address"),
        "shown_problem",
        ("decided_at", "decided_how", "decided_by"),
        ("reason", "created_at"),
        ("hold_expires_at", "attempts", "lease_until"),
        ("dead_at", "last_error"),
    )
    readonly_fields = (
        "when",
        "state",
        "customer",
        "conversation_link",
        "tenant_link",
        "shown_problem",
        "lease_until",
    )
    actions = (*WorkAdmin.actions, "confirm", "decline", "cancel")  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        return super().get_queryset(request).select_related("tenant", "resource", "contact", "conversation")

    def get_urls(self) -> list[URLPattern]:
        book = self.admin_site.admin_view(admin_chat.book)
        return [path("book/<int:pk>/", book, name="booking_appointment_book"), *super().get_urls()]

    @admin.display(description="When, on the business's clock", ordering="starts_at")
    def when(self, appointment: Appointment) -> str:
        zone = ZoneInfo(appointment.tenant.timezone)
        starts, ends = appointment.starts_at.astimezone(zone), appointment.ends_at.astimezone(zone)
        return f"{starts:%a %d %b %Y %H:%M}–{ends:%H:%M}"

    @admin.display(description="Status", ordering="status")
    def state(self, appointment: Appointment) -> str:
        return badge(appointment.get_status_display(), COLOURS.get(appointment.status, ""))

    @admin.display(description="Customer")
    def customer(self, appointment: Appointment) -> str:
        contact = appointment.contact
        return link(contact, f"{contact.name} {shown_number(contact.number)}".strip())

    @admin.display(description="Conversation")
    def conversation_link(self, appointment: Appointment) -> str:
        return link(appointment.conversation)

    @admin.display(description="Business")
    def tenant_link(self, appointment: Appointment) -> str:
        return link(appointment.tenant)

    @admin.display(description="Problem")
    def shown_problem(self, appointment: Appointment) -> str:
        return block(appointment.problem)

    @admin.action(description="Confirm, and tell the customer", permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> None:
        self._decide(request, queryset, services.confirm, Status.CONFIRMED)

    @admin.action(description="Decline, and ask the customer for another time", permissions=["decide"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> None:
        self._decide(request, queryset, services.decline, Status.DECLINED)

    @admin.action(description="Cancel, and tell the customer", permissions=["decide"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Appointment]) -> None:
        self._decide(request, queryset, services.cancel, Status.CANCELED)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether this person may confirm, decline and cancel."""
        return bool(request.user.has_perm("booking.change_appointment"))

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Appointment], decide: Callable[..., Any], to: Appointment.Status
    ) -> None:
        assert isinstance(request.user, AbstractBaseUser), "the admin is for people who logged in"
        for appointment in queryset:
            said = f"{self.when(appointment)}, {appointment.contact}"
            try:
                decide(appointment=appointment, how=Appointment.How.ADMIN, user=request.user)
            except Refusal as refusal:
                self.message_user(request, f"{said}: {refusal.message}", messages.WARNING)
            else:
                self.log_change(request, appointment, f"{to.label} from the admin")
                self.message_user(request, f"{said}: {to.label.lower()}", messages.SUCCESS)


@admin.register(BusyTime)
class BusyTimeAdmin(Admin[BusyTime]):
    list_display = ("starts_at", "ends_at", "tenant", "resource", "note")
    list_filter = (("tenant", AutocompleteSelectFilter), ("starts_at", DayRangeFilter))
    list_select_related = ("tenant", "resource")
    search_fields = ("tenant__name", "note")
    autocomplete_fields = ("tenant", "resource")
    ordering = ("-starts_at", "-pk")
    fieldsets = (
        (
            None,
            {
                "description": "Times are UTC, as everywhere in the admin. A time covered here is not offered; visits "
                "that are booked then stay.",
                "fields": (("tenant", "resource"), ("starts_at", "ends_at"), "note"),
            },
        ),
    )


@admin.register(Resource)
class ResourceAdmin(Admin[Resource]):
    list_display = ("name", "tenant", "is_active", "created_at")
    list_filter = ("is_active", ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name")
    autocomplete_fields = ("tenant",)
    ordering = ("tenant__name", "pk")
    fields = (("tenant", "name"), "is_active")


@admin.register(CalendarFeed)
class CalendarFeedAdmin(Admin[CalendarFeed]):
    list_display = ("tenant", "renewed_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name",)
    autocomplete_fields = ("tenant",)
    ordering = ("tenant__name",)
    actions = ("renew",)

    def get_fields(self, request: HttpRequest, obj: CalendarFeed | None = None) -> Any:
        may_read_visits = obj is None or self.has_change_permission(request, obj)
        return ("tenant", "address", "renewed_at") if may_read_visits else ("tenant", "renewed_at")

    def get_readonly_fields(self, request: HttpRequest, obj: CalendarFeed | None = None) -> Any:
        return ("address", "renewed_at") if obj is None else ("tenant", "address", "renewed_at")

    def save_model(self, request: HttpRequest, feed: CalendarFeed, form: Any, change: bool) -> None:
        if not change:
            calendars.renew(feed)

    @admin.display(description="Address to subscribe to")
    def address(self, feed: CalendarFeed) -> str:
        if not feed.token:
            return "Shown once it is saved." if feed.pk is None else "Lost with its key: make a new address."
        text = "Whoever has it reads the visits, with names, numbers and addresses. In the list a new one can be made."
        return format_html("<code>{}</code><p>{}</p>", calendars.address(feed), text)

    @admin.action(description="Make a new address; the old one stops working", permissions=["change"])
    def renew(self, request: HttpRequest, queryset: QuerySet[CalendarFeed]) -> None:
        for feed in queryset:
            calendars.renew(feed)
            self.log_change(request, feed, "New address")
            self.message_user(request, f"{feed}: new address", messages.SUCCESS)
