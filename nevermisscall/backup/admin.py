"""Which backups were taken."""

from django.contrib import admin

from nevermisscall.backup.models import Backup
from nevermisscall.backup.progress import size
from nevermisscall.lib.admin import DANGER, NONE, SUCCESS, RecordAdmin, badge


@admin.register(Backup)
class BackupAdmin(RecordAdmin[Backup]):
    list_display = ("ended_at", "state", "name", "taken_at", "shown_size", "seconds", "host", "error")
    search_fields = ("name", "host")
    search_help_text = "Name or machine"
    ordering = ("-ended_at",)
    fields = (("name", "elsewhere", "state"), ("taken_at", "ended_at", "seconds"), ("shown_size", "host"), "error")
    readonly_fields = ("state", "shown_size")

    @admin.display(description="State")
    def state(self, row: Backup) -> str:
        return badge("Failed", DANGER) if row.error else badge("Complete", SUCCESS)

    @admin.display(description="Size")
    def shown_size(self, row: Backup) -> str:
        return size(row.size) if row.size else NONE
