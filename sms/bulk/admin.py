"""Batches as an operator watches, holds and stops them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html

from nevermisscall.lib.admin import DANGER, INFO, SUCCESS, WARNING, block, labelled, link
from nevermisscall.outbox.admin import WorkAdmin
from sms.bulk import services
from sms.bulk.models import Batch
from sms.models import Status as MessageStatus

COLOURS: dict[str, str] = {
    Batch.Status.SCHEDULED: INFO,
    Batch.Status.RUNNING: INFO,
    Batch.Status.PAUSED: WARNING,
    Batch.Status.COMPLETED: SUCCESS,
    Batch.Status.CANCELED: DANGER,
}
ON_THE_WAY = {MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN}


def done(progress: dict[str, int]) -> int:
    """Return how many recipients are settled as far as we are concerned: Twilio has the text, or none is sent."""
    return sum(count for status, count in progress.items() if status not in {*ON_THE_WAY, "waiting"})


@admin.register(Batch)
class BatchAdmin(WorkAdmin[Batch]):
    list_display = ("created_at", "title", "tenant_link", "state", "total", "send_at")
    list_display_links = ("created_at", "title")
    list_filter = ("status",)
    list_select_related = ("tenant",)
    search_fields = ("name", "tenant__name")
    ordering = ("-created_at",)
    fields = readonly_fields = ("title", "tenant_link", "state", "live", "text", "send_at", "created_at", "finished_at")
    actions = (*WorkAdmin.actions, "pause", "resume", "cancel")  # type: ignore[assignment]
    change_form_template = "admin/bulk/batch/change_form.html"

    @admin.display(description="Batch")
    def title(self, batch: Batch) -> str:
        return str(batch)

    @admin.display(description="Business", ordering="tenant__name")
    def tenant_link(self, batch: Batch) -> str:
        return link(batch.tenant)

    @labelled("State", COLOURS)
    def state(self, batch: Batch) -> tuple[str, str]:
        return batch.status, batch.get_status_display()

    @admin.display(description="Progress")
    def live(self, batch: Batch) -> str:
        return format_html(
            '<div data-batch="{}"><progress max="{}" value="0" style="width:100%"></progress><p></p></div>',
            batch.pk,
            batch.total,
        )

    @admin.display(description="Text")
    def text(self, batch: Batch) -> str:
        return block(batch.body)

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
        progress = path("<int:pk>/progress/", self.admin_site.admin_view(self.progress), name="bulk_batch_progress")
        return [progress, *super().get_urls()]

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
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
