"""What was made of each text of an owner."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from conversations.owner.models import OwnerText
from nevermisscall.lib.admin import (
    DANGER,
    INFO,
    NONE,
    SUCCESS,
    WARNING,
    DayRangeFilter,
    badge,
    block,
    link,
    shown_number,
)
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter

State = OwnerText.State
COLOURS: dict[str, str] = {
    State.DONE: SUCCESS,
    State.REFUSED: DANGER,
    State.WAITING: WARNING,
    State.DROPPED: DANGER,
    State.FETCHING: INFO,
}


@admin.register(OwnerText)
class OwnerTextAdmin(WorkAdmin[OwnerText]):
    list_display = ("created_at", "sender", "outcome", "command", "conversation_link", "tenant_link")
    list_display_links = ("created_at", "sender")
    list_filter = (
        "state",
        "command",
        ("tenant", AutocompleteSelectFilter),
        ("created_at", DayRangeFilter),
        WorkFilter,
    )
    list_select_related = ("tenant", "message", "conversation")
    search_fields = ("message__body",)
    search_help_text = "The owner's or the customer's number, the SID of the text, or words of it"
    sid_fields = ("message__message_sid",)
    number_fields = ("phone", "conversation__customer_phone")
    ordering = ("-pk",)
    fields = (
        ("sender", "outcome", "command"),
        ("conversation_link", "tenant_link", "message_link"),
        "words",
        ("created_at", "settled_at"),
        ("relay_at", "attempts", "lease_until"),
        ("dead_at", "last_error"),
    )
    readonly_fields = (
        "sender",
        "outcome",
        "conversation_link",
        "tenant_link",
        "message_link",
        "words",
        "lease_until",
    )

    @admin.display(description="From", ordering="phone")
    def sender(self, text: OwnerText) -> str:
        return shown_number(text.phone)

    @admin.display(description="Outcome", ordering="state")
    def outcome(self, text: OwnerText) -> str:
        return badge(text.get_state_display(), COLOURS.get(text.state, ""))

    @admin.display(description="Conversation")
    def conversation_link(self, text: OwnerText) -> str:
        return link(text.conversation) if text.conversation else NONE

    @admin.display(description="Business")
    def tenant_link(self, text: OwnerText) -> str:
        return link(text.tenant)

    @admin.display(description="Text")
    def message_link(self, text: OwnerText) -> str:
        return link(text.message)

    @admin.display(description="Words")
    def words(self, text: OwnerText) -> str:
        return block(text.message.body)
