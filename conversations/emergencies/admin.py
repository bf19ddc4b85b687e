"""What was done about an emergency, for the operator who is asked later."""

from django.contrib import admin

from conversations.emergencies.models import Escalation, Step
from nevermisscall.lib.admin import DANGER, SUCCESS, WARNING, DayRangeFilter, RecordAdmin, badge, link, shown_number


@admin.register(Escalation)
class EscalationAdmin(RecordAdmin[Escalation]):
    list_display = ("opened_at", "conversation_link", "kind", "state", "rung", "acknowledged_at", "how")
    list_display_links = ("opened_at",)
    list_filter = ("kind", "acknowledged_how", ("opened_at", DayRangeFilter))
    list_select_related = ("conversation",)
    number_fields = ("conversation__customer_phone", "acknowledged_from")
    search_fields = ("kind",)
    search_help_text = "The customer's or the owner's number, or the kind"
    ordering = ("-pk",)
    fields = (
        ("conversation_link", "state"),
        ("kind", "detected_by"),
        ("opened_at", "escalate_at", "rung"),
        ("acknowledged_at", "acknowledged_how", "acknowledged_by", "acknowledged_from"),
        "given_up_at",
        "last_error",
    )
    readonly_fields = ("conversation_link", "state")

    @admin.display(description="Conversation")
    def conversation_link(self, escalation: Escalation) -> str:
        return link(escalation.conversation)

    @admin.display(description="State")
    def state(self, escalation: Escalation) -> str:
        if escalation.acknowledged_at is not None:
            return badge("Acknowledged", SUCCESS)
        return badge("Given up", DANGER) if escalation.given_up_at is not None else badge("Reaching people", WARNING)

    @admin.display(description="How")
    def how(self, escalation: Escalation) -> str:
        return escalation.get_acknowledged_how_display() or "–"


@admin.register(Step)
class StepAdmin(RecordAdmin[Step]):
    list_display = ("at", "escalation_link", "rung", "phone", "text_link", "call_link")
    list_display_links = ("at",)
    list_select_related = ("escalation__conversation", "message", "alert_call")
    number_fields = ("to_number",)
    search_fields = ("message__message_sid", "alert_call__call_sid")
    search_help_text = "The owner's number, or the SID of the text or the call"
    ordering = ("-pk",)
    fields = (("at", "rung"), "escalation_link", "phone", ("text_link", "call_link"))
    readonly_fields = ("escalation_link", "phone", "text_link", "call_link")

    @admin.display(description="Emergency")
    def escalation_link(self, step: Step) -> str:
        return link(step.escalation)

    @admin.display(description="Phone", ordering="to_number")
    def phone(self, step: Step) -> str:
        return shown_number(step.to_number)

    @admin.display(description="Text")
    def text_link(self, step: Step) -> str:
        return link(step.message)

    @admin.display(description="Call")
    def call_link(self, step: Step) -> str:
        return link(step.alert_call)
