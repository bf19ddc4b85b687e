"""One text to many people: how far it is, and who got it."""

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from nevermisscall.lib.admin import INFO, SUCCESS, WARNING, RecordAdmin, badge, block, link, shown_number
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter
from sms.bulk.models import Batch, Recipient

COLOURS: dict[str, str] = {
    Batch.Status.RUNNING: INFO,
    Batch.Status.COMPLETED: SUCCESS,
    Batch.Status.PAUSED: WARNING,
    Batch.Status.CANCELED: WARNING,
}


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
        counted = batch.recipients.aggregate(
            handed=Count("pk", filter=Q(message__isnull=False)), refused=Count("pk", filter=~Q(refusal=""))
        )
        return f"{batch.total}: {counted['handed']} handed to the sender, {counted['refused']} refused"


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
