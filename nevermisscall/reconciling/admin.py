"""How far each Twilio account is reconciled, and what each day's calls came to."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from calls.models import Call
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
    list_url,
)
from nevermisscall.outbox.admin import WorkAdmin
from nevermisscall.reconciling.models import Disposition, Reconciliation
from nevermisscall.reconciling.running import FIGURES

# Column, what it is called, and its colour in templates/admin/style.html.
_PARTS = (
    ("answered", "answered", "ok"),
    ("missed", "missed", "info"),
    ("refused", "refused", "warn"),
    ("undecided", "without an outcome", "bad"),
    ("not_here", "not here", "bad"),
)


@admin.register(Reconciliation)
class ReconciliationAdmin(WorkAdmin[Reconciliation]):
    list_display = ("account_sid", "state", "behind", "found", "due_at", "last_error")
    search_fields = ("account_sid",)
    search_help_text = "SID of the Twilio account"
    sid_fields = ("account_sid",)
    ordering = ("account_sid",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("account_sid", "state", "behind"),
                    ("reconciled_until", "finished_at", "due_at"),
                    "found",
                )
            },
        ),
        (
            "The run",
            {
                "fields": (
                    ("run_since", "run_until", "wanted_at"),
                    ("stage", "next_url"),
                    ("attempts", "dead_at", "last_error"),
                )
            },
        ),
    )
    readonly_fields = ("state", "behind", "found")

    @admin.display(description="State")
    def state(self, row: Reconciliation) -> str:
        if row.dead_at is not None:
            return badge("Dead letter", DANGER)
        if row.last_error:
            return badge("Twilio cannot be asked", WARNING)
        return badge("Reading", INFO) if row.stage else badge("Reconciled", SUCCESS)

    @admin.display(description="Up to", ordering="reconciled_until")
    def behind(self, row: Reconciliation) -> str:
        return f"{ago(row.reconciled_until)} ago"

    @admin.display(description="Found in the last run")
    def found(self, row: Reconciliation) -> str:
        parts = [f"{row.figures[name]} {name.replace('_', ' ')}" for name in FIGURES if row.figures.get(name)]
        return ", ".join(parts) or NONE


@admin.register(Disposition)
class DispositionAdmin(RecordAdmin[Disposition]):
    list_display = ("day", "account_sid", "bar", "answered", "missed", "refused", "lacking")
    list_filter = (("day", DayRangeFilter),)
    search_fields = ("account_sid",)
    search_help_text = "SID of the Twilio account"
    sid_fields = ("account_sid",)
    ordering = ("-day", "account_sid")
    fields = (
        ("day", "account_sid", "counted_at"),
        "bar",
        ("answered", "missed", "refused"),
        ("undecided", "not_here", "going_on", "not_ours"),
        "calls",
    )
    readonly_fields = ("bar", "calls")

    @admin.display(description="Calls")
    def bar(self, day: Disposition) -> str:
        numbers = [getattr(day, name) for name, _, _ in _PARTS]
        total = sum(numbers)
        if not total:
            return NONE
        parts = format_html_join(
            "",
            '<i title="{} {}" style="display: block; height: 100%; width: {}%; background: var(--{})"></i>',
            (
                (n, text, round(100 * n / total, 1), colour)
                for n, (_, text, colour) in zip(numbers, _PARTS, strict=True)
            ),
        )
        return format_html(
            '<span class="nmc" title="{} calls" style="background: var(--soft); border-radius: 4px; display: flex; '
            'height: 8px; margin-top: 6px; overflow: hidden; width: 160px">{}</span>',
            total,
            parts,
        )

    @admin.display(description="Without an outcome")
    def lacking(self, day: Disposition) -> str:
        return badge(str(day.without_outcome), DANGER) if day.without_outcome else badge("None", SUCCESS)

    @admin.display(description="Calls without an outcome")
    def calls(self, day: Disposition) -> str:
        links = ((f"{list_url(Call)}?q={sid}", sid) for sid in day.call_sids)
        return format_html_join(mark_safe("<br>"), '<a class="text-link" href="{}">{}</a>', links) or NONE
