"""The receipts of Twilio's webhooks: what came, what went back; and the journal of those that are not recorded yet."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from nevermisscall.lib.admin import NONE, SUCCESS, WARNING, DayRangeFilter, RecordAdmin, badge, block
from nevermisscall.outbox.admin import may_replay, may_view
from nevermisscall.webhooks.journal import poison
from nevermisscall.webhooks.journal.figures import figures
from nevermisscall.webhooks.journal.files import JournalError
from nevermisscall.webhooks.models import WebhookMinute, WebhookReceipt

SHOWN = 200  # of what was set aside; `manage.py replay_journal --dry-run` lists all of it
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

    def get_urls(self) -> list[URLPattern]:
        page = path("journal/", self.admin_site.admin_view(journal_view), name="journal")
        return [page, *super().get_urls()]


@admin.register(WebhookMinute)
class WebhookMinuteAdmin(RecordAdmin[WebhookMinute]):
    list_display = ("minute", "kind", "answered", "failed", "slow", "unrecorded", "average", "slowest")
    list_filter = (KindFilter, ("minute", DayRangeFilter))
    search_fields = ("kind",)
    ordering = ("-minute", "kind")
    fields = (("minute", "kind"), ("answered", "failed", "slow", "unrecorded"), ("average", "slowest"))
    readonly_fields = ("average", "slowest")

    @admin.display(description="On average")
    def average(self, minute: WebhookMinute) -> str:
        return f"{minute.total_ms / max(1, minute.answered):.1f} ms"

    @admin.display(description="Slowest", ordering="slowest_ms")
    def slowest(self, minute: WebhookMinute) -> str:
        return f"{minute.slowest_ms:.1f} ms"


def journal_view(request: HttpRequest) -> HttpResponse:
    """What waits in the journal of this machine, and what was set aside; a POST tries the chosen ones again."""
    if not may_view(request, WebhookReceipt):
        raise PermissionDenied
    if request.method == "POST":
        if not may_replay(request, WebhookReceipt):
            raise PermissionDenied
        _try_again(request, set(request.POST.getlist("file")))
        return HttpResponseRedirect(reverse("admin:journal"))
    context = {
        **admin.site.each_context(request),
        "title": "Journal",
        "figures": figures(),
        "found": poison.every()[:SHOWN],
        "may_replay": may_replay(request, WebhookReceipt),
    }
    return TemplateResponse(request, "admin/webhooks/journal.html", context)


def _try_again(request: HttpRequest, names: set[str]) -> None:
    try:
        count = poison.try_again({one.path for one in poison.every() if one.path.name in names})
    except (JournalError, OSError) as error:
        messages.error(request, str(error))
        return
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(WebhookReceipt),
        object_repr="Journal",
        action_flag=CHANGE,
        change_message=f"Tried {count} again that were set aside",
    )
    messages.success(request, f"{count} will be tried again within a second.")
