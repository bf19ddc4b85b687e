"""What was done under an Idempotency-Key, for when a program's author asks why a repeat got an old answer."""

from django.contrib import admin

from nevermisscall.api.models import IdempotentRequest
from nevermisscall.lib.admin import DayRangeFilter, RecordAdmin, block


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(RecordAdmin[IdempotentRequest]):
    list_display = ("created_at", "owner", "path", "key", "status_code")
    list_filter = (("created_at", DayRangeFilter),)
    search_fields = ("key",)
    search_help_text = "Idempotency-Key, whole or in part"
    ordering = ("-id",)
    fieldsets = ((None, {"fields": (("created_at", "owner"), "path", "key", "status_code", "answer_text")}),)
    readonly_fields = ("answer_text",)

    @admin.display(description="Answer")
    def answer_text(self, row: IdempotentRequest) -> str:
        return block(row.answer)
