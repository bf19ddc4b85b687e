"""How far each Twilio account is reconciled."""

from django.contrib import admin

from nevermisscall.lib.admin import DANGER, INFO, NONE, SUCCESS, WARNING, ago, badge
from nevermisscall.outbox.admin import WorkAdmin
from nevermisscall.reconciling.models import Reconciliation
from nevermisscall.reconciling.running import FIGURES


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
