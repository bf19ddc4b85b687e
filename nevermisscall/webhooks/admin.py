"""The receipts of Twilio's webhooks: what came, what went back."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from nevermisscall.lib.admin import NONE, SUCCESS, WARNING, DayRangeFilter, RecordAdmin, badge, block
from nevermisscall.webhooks.models import WebhookMinute, WebhookReceipt

KINDS = ("call", "dial", "screen", "accept", "voicemail", "status")


class KindFilter(admin.SimpleListFilter):
    """By the endpoint. Named here, since asking the table would read all of it."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind.capitalize()) for kind in KINDS]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(WebhookReceipt)
class WebhookReceiptAdmin(RecordAdmin[WebhookReceipt]):
    list_display = ("received_at", "kind", "key", "status", "account_sid")
    list_filter = (KindFilter, ("received_at", DayRangeFilter))
    search_fields = ("key",)
    search_help_text = "SID of a call, a leg, a message or a recording"
    sid_fields = ("key",)
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": (("kind", "received_at"), "key", ("account_sid", "idempotency_token"))}),
        ("What Twilio sent", {"fields": ("fields_sent",)}),
        ("What we answered", {"fields": ("status", "content_type", "answer_text")}),
    )
    readonly_fields = ("status", "fields_sent", "answer_text")

    def find_sid(self, sid: str) -> Q:
        # The key of a status report starts with its kind, so the SID is anywhere in it.
        return Q(key__contains=sid)

    @admin.display(description="Answer", ordering="status_code")
    def status(self, receipt: WebhookReceipt) -> str:
        return badge(str(receipt.status_code), SUCCESS if receipt.status_code < 400 else WARNING)

    @admin.display(description="Fields")
    def fields_sent(self, receipt: WebhookReceipt) -> str:
        rows = sorted(receipt.params.items())
        if not rows:
            return NONE
        cells = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows)
        return format_html('<table class="nmc-fields">{}</table>', cells)

    @admin.display(description="Body")
    def answer_text(self, receipt: WebhookReceipt) -> str:
        return block(receipt.answer)


@admin.register(WebhookMinute)
class WebhookMinuteAdmin(RecordAdmin[WebhookMinute]):
    list_display = ("minute", "kind", "answered", "failed", "slow", "average", "slowest")
    list_filter = (KindFilter, ("minute", DayRangeFilter))
    search_fields = ("kind",)
    ordering = ("-minute", "kind")
    fields = (("minute", "kind"), ("answered", "failed", "slow"), ("average", "slowest"))
    readonly_fields = ("average", "slowest")

    @admin.display(description="On average")
    def average(self, minute: WebhookMinute) -> str:
        return f"{minute.total_ms / minute.answered:.1f} ms"

    @admin.display(description="Slowest", ordering="slowest_ms")
    def slowest(self, minute: WebhookMinute) -> str:
        return f"{minute.slowest_ms:.1f} ms"
