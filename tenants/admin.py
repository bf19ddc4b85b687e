"""Businesses, with their numbers, hours and texts."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from nevermisscall.lib.admin import DANGER, SUCCESS, WARNING, Admin, Inline, badge, shown_number
from tenants import admin_people, admin_twilio
from tenants.admin_fields import FieldsForPeople
from tenants.admin_texts import TextInline
from tenants.models import BusinessHours, Closure, OwnerNumber, PhoneNumber, Tenant

__all__ = ["admin_people", "admin_twilio"]  # which register on import


class NumberInline(FieldsForPeople, Inline[PhoneNumber, Tenant]):
    model = PhoneNumber
    fields = ("number", "state", "is_primary", "account")
    can_delete = False
    show_change_link = True
    tab = True
    verbose_name_plural = "Numbers"


class OwnerNumberInline(FieldsForPeople, Inline[OwnerNumber, Tenant]):
    model = OwnerNumber
    fields = ("position", "number", "name", "is_active")
    tab = True
    verbose_name_plural = "Owner's phones"


class HoursInline(Inline[BusinessHours, Tenant]):
    model = BusinessHours
    fields = ("weekday", "opens_at", "closes_at")
    tab = True
    verbose_name_plural = "Hours"


class ClosureInline(Inline[Closure, Tenant]):
    model = Closure
    fields = ("starts_on", "ends_on", "reason")
    tab = True


@admin.register(Tenant)
class TenantAdmin(FieldsForPeople, Admin[Tenant]):
    list_display = ("name", "state", "number_list", "owner_list", "missed_call_action", "timezone", "created_at")
    list_filter = ("status", "missed_call_action", "answer_screening", "ai_enabled")
    search_fields = ("name",)
    search_help_text = "Name, one of its numbers, or an owner's phone"
    number_fields = ("numbers__number", "owner_numbers__number")
    ordering = ("name", "pk")
    inlines = (NumberInline, OwnerNumberInline, HoursInline, ClosureInline, TextInline)
    warn_unsaved_form = True
    fieldsets = (
        ("Business", {"fields": (("name", "status"), ("timezone", "language"), "trade", "service_area")}),
        (
            "When a call comes in",
            {
                "description": "The owner's phones ring for this long; whoever accepts talks to the caller. Without "
                "screening, voicemail that picks up counts as an answer and the customer gets no text.",
                "fields": (("ring_timeout_seconds", "ring_strategy"), ("answer_screening", "ring_after_hours")),
            },
        ),
        (
            "After a missed call",
            {
                "description": "What the caller hears, and how soon the same customer may be texted again.",
                "fields": (
                    ("missed_call_action", "text_back_cooldown_minutes", "daily_text_cap"),
                    "call_owner_when_undelivered",
                ),
            },
        ),
        (
            "Visits",
            {
                "description": "How long a visit takes, and how soon before it one can still be offered. Visits are "
                "offered in business hours; without any, Monday to Saturday from 8 to 18.",
                "fields": (("appointment_minutes", "booking_notice_minutes"),),
            },
        ),
        (
            "Not built yet",
            {
                "description": "Kept for later, without effect: recordings, the AI (also as the action after a miss), "
                "and deleting what is old.",
                "fields": (
                    "recording_mode",
                    ("ai_enabled", "ai_takeover_seconds", "human_silence_minutes"),
                    "job_estimates",
                    "retention_days",
                ),
            },
        ),
    )

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False  # it would take every call and text along; close the business instead

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return super().get_queryset(request).prefetch_related("numbers", "owner_numbers")

    @admin.display(description="Status", ordering="status")
    def state(self, tenant: Tenant) -> str:
        colours: dict[str, str] = {Tenant.Status.ACTIVE: SUCCESS, Tenant.Status.SUSPENDED: WARNING}
        return badge(tenant.get_status_display(), colours.get(tenant.status, DANGER))

    @admin.display(description="Numbers")
    def number_list(self, tenant: Tenant) -> str:
        return ", ".join(shown_number(number.number) for number in tenant.numbers.all())

    @admin.display(description="Owner's phones")
    def owner_list(self, tenant: Tenant) -> str:
        return ", ".join(shown_number(owner.number) for owner in tenant.owner_numbers.all() if owner.is_active)
