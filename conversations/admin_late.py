"""What the owner was told of late: calls and texts that were found in Twilio's lists."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from conversations.models import LateItem, LateNews
from nevermisscall.lib.admin import INFO, SUCCESS, RecordInline, badge, link, shown_number
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter


class LateItemInline(RecordInline[LateItem, LateNews]):
    model = LateItem
    fields = readonly_fields = ("happened_at", "from_whom", "call_link", "message_link")
    verbose_name_plural = "Calls and texts"

    @admin.display(description="From")
    def from_whom(self, item: LateItem) -> str:
        return shown_number(item.customer)

    @admin.display(description="Call")
    def call_link(self, item: LateItem) -> str:
        return link(item.call)

    @admin.display(description="Text")
    def message_link(self, item: LateItem) -> str:
        return link(item.message)


@admin.register(LateNews)
class LateNewsAdmin(WorkAdmin[LateNews]):
    list_display = ("created_at", "tenant", "state", "tell_at", "told_at", "last_error")
    list_filter = (("tenant", AutocompleteSelectFilter), WorkFilter)
    list_select_related = ("tenant",)
    ordering = ("-pk",)
    inlines = (LateItemInline,)
    fields = (
        ("tenant", "state", "text"),
        ("created_at", "tell_at", "told_at"),
        ("attempts", "dead_at", "last_error"),
    )
    readonly_fields = ("state", "text")

    @admin.display(description="State")
    def state(self, news: LateNews) -> str:
        return badge("Told", SUCCESS) if news.told_at else badge("Waits", INFO)

    @admin.display(description="Text to the owner")
    def text(self, news: LateNews) -> str:
        return link(news.message)
