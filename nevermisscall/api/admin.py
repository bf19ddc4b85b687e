"""What API clients asked for under an Idempotency-Key, and what they were told."""

from django.contrib import admin

from nevermisscall.api.models import IdempotentRequest
from nevermisscall.lib.admin import RecordAdmin, block


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(RecordAdmin[IdempotentRequest]):
    list_display = ("created_at", "owner", "path", "key", "status_code")
    search_fields = ("key__exact",)
    search_help_text = "The whole key"
    ordering = ("-pk",)
    fields = (("owner", "path"), "key", ("status_code", "created_at"), "answered", "request_hash")
    readonly_fields = ("answered",)

    @admin.display(description="Answer")
    def answered(self, request: IdempotentRequest) -> str:
        return block(request.answer)
