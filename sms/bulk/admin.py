"""One text to many people: how far it is, who got it, and how to hold or stop it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from nevermisscall.lib.admin import INFO, SUCCESS, WARNING, RecordAdmin, badge, block, link, shown_number
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter
from sms.bulk import services
from sms.bulk.models import Batch, Recipient
from sms.models import Status as MessageStatus

COLOURS: dict[str, str] = {
    Batch.Status.RUNNING: INFO,
    Batch.Status.COMPLETED: SUCCESS,
    Batch.Status.PAUSED: WARNING,
    Batch.Status.CANCELED: WARNING,
}
ON_THE_WAY = {MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN}


def done(progress: dict[str, int]) -> int:
    """Return how many recipients are settled as far as we are concerned: Twilio has the text, or none is sent."""
    return sum(count for status, count in progress.items() if status not in {*ON_THE_WAY, "waiting"})


@admin.register(Batch)
class BatchAdmin(WorkAdmin[Batch]):
    list_display = ("created_at", "name", "tenant_link", "state", "total", "send_at", "finished_at")
    list_display_links = ("created_at", "name")
    list_filter = ("status", ("tenant", AutocompleteSelectFilter), WorkFilter)
    list_select_related = ("tenant",)
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("-pk",)
    fields = (
        ("name", "tenant_link", "phone_number"),
        ("state", "purpose", "progress"),
        "text",
        ("created_at", "send_at", "finished_at"),
        ("next_release_at", "attempts", "lease_until"),
        ("dead_at", "last_error"),
    )
    readonly_fields = ("tenant_link", "state", "progress", "text", "lease_until")
    actions = (*WorkAdmin.actions, "pause", "resume", "cancel")  # type: ignore[assignment]
    change_form_template = "admin/bulk/batch/change_form.html"

    @admin.display(description="Business")
    def tenant_link(self, batch: Batch) -> str:
        return link(batch.tenant)

    @admin.display(description="Status", ordering="status")
    def state(self, batch: Batch) -> str:
        return badge(batch.get_status_display(), COLOURS.get(batch.status, ""))

    @admin.display(description="Text")
    def text(self, batch: Batch) -> str:
        return block(batch.body)

    @admin.display(description="Recipients")
    def progress(self, batch: Batch) -> str:
        return format_html(
            '<div data-batch="{}"><progress max="{}" value="0" style="width:100%"></progress><p></p></div>',
            batch.pk,
            batch.total,
        )

    @admin.action(description="Pause", permissions=["move"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._move(request, queryset, services.pause)

    @admin.action(description="Resume", permissions=["move"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._move(request, queryset, services.resume)

    @admin.action(description="Cancel for good", permissions=["move"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._move(request, queryset, services.cancel)

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Whether this person may pause, resume and cancel."""
        return bool(request.user.has_perm("bulk.change_batch"))

    def get_urls(self) -> list[URLPattern]:
        counts = path("<int:pk>/progress/", self.admin_site.admin_view(self.counts), name="bulk_batch_progress")
        return [counts, *super().get_urls()]

    def counts(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Answer the page's question, every two seconds, how far the batch is."""
        batch = get_object_or_404(Batch, pk=pk)
        if not self.has_view_permission(request, batch):
            return JsonResponse({}, status=403)
        found = services.progress(batch)
        return JsonResponse({"status": batch.status, "total": batch.total, "done": done(found), "counts": found})

    def _move(self, request: HttpRequest, queryset: QuerySet[Batch], move: Callable[[Batch], Any]) -> None:
        for batch in queryset:
            try:
                move(batch)
            except services.InvalidTransition as refusal:
                self.message_user(request, f"{batch}: {refusal.message}", messages.WARNING)
            else:
                self.log_change(request, batch, f"{move.__name__} from the admin")


@admin.register(Recipient)
class RecipientAdmin(RecordAdmin[Recipient]):
    list_display = ("row", "batch", "sent_to", "message_link", "refusal")
    search_fields = ("batch__name",)
    search_help_text = "Number, SID of the message, or name of the batch"
    number_fields = ("to_number",)
    sid_fields = ("message__message_sid",)
    ordering = ("-batch_id", "row")
    fields = ("batch", "row", "sent_to", "message_link", "refusal", "values")
    readonly_fields = ("sent_to", "message_link")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recipient]:
        return super().get_queryset(request).select_related("batch", "message")

    @admin.display(description="To", ordering="to_number")
    def sent_to(self, recipient: Recipient) -> str:
        return shown_number(recipient.to_number)

    @admin.display(description="Message")
    def message_link(self, recipient: Recipient) -> str:
        return link(recipient.message)
