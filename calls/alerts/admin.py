"""Alert calls as an operator looks for them: who was called, what was said, and whether anybody pressed 1."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from calls.alerts.models import AlertCall, Status
from nevermisscall.lib.admin import (
    DANGER,
    INFO,
    NONE,
    SUCCESS,
    WARNING,
    DayRangeFilter,
    badge,
    block,
    link,
    shown_number,
)
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter
from nevermisscall.twilio.errors import ERROR_CODES

COLOURS: dict[str, str] = {
    Status.QUEUED: INFO,
    Status.CALLING: INFO,
    Status.UNKNOWN: WARNING,
    Status.RINGING: INFO,
    Status.ANSWERED: INFO,
    Status.ACCEPTED: SUCCESS,
    Status.UNANSWERED: DANGER,
    Status.FAILED: DANGER,
    Status.CANCELED: WARNING,
}


@admin.register(AlertCall)
class AlertCallAdmin(WorkAdmin[AlertCall]):
    list_display = ("created_at", "called", "customer", "tenant_link", "state", "why", "sid")
    list_display_links = ("created_at", "sid")
    list_filter = (
        "status",
        "reason",
        ("tenant", AutocompleteSelectFilter),
        ("created_at", DayRangeFilter),
        WorkFilter,
    )
    list_select_related = ("tenant",)
    search_fields = ("idempotency_key",)
    search_help_text = "Call SID, a number in any spelling, or the key"
    sid_fields = ("call_sid",)
    number_fields = ("to_number", "connect_to")
    ordering = ("-pk",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("called", "customer", "tenant_link"),
                    ("state", "why", "dial_call_status"),
                    "text",
                    ("created_at", "answered_at", "accepted_at", "ended_at"),
                    ("call_sid", "phone_number", "idempotency_key"),
                )
            },
        ),
        (
            "Placing",
            {
                "classes": ("collapse",),
                "fields": (
                    ("call_at", "tries", "attempted_at"),
                    ("first_clean_look_at", "canceled_at", "error"),
                    ("attempts", "lease_until", "dead_at", "last_error"),
                ),
            },
        ),
    )
    readonly_fields = ("called", "customer", "tenant_link", "state", "why", "error", "text", "lease_until")

    @admin.display(description="To", ordering="to_number")
    def called(self, alert: AlertCall) -> str:
        return shown_number(alert.to_number)

    @admin.display(description="Connects with", ordering="connect_to")
    def customer(self, alert: AlertCall) -> str:
        return shown_number(alert.connect_to) if alert.connect_to else NONE

    @admin.display(description="Business")
    def tenant_link(self, alert: AlertCall) -> str:
        return link(alert.tenant)

    @admin.display(description="Status", ordering="status")
    def state(self, alert: AlertCall) -> str:
        return badge(alert.get_status_display(), COLOURS.get(alert.status, ""))

    @admin.display(description="Why not", ordering="reason")
    def why(self, alert: AlertCall) -> str:
        return alert.get_reason_display() if alert.reason else NONE

    @admin.display(description="Twilio's error")
    def error(self, alert: AlertCall) -> str:
        known = ERROR_CODES.get(alert.error_code or 0)
        return f"{alert.error_code} {known.meaning}" if known else str(alert.error_code or NONE)

    @admin.display(description="Words")
    def text(self, alert: AlertCall) -> str:
        return block(alert.words)

    @admin.display(description="Call SID", ordering="call_sid")
    def sid(self, alert: AlertCall) -> str:
        return alert.call_sid or NONE
