"""Texts as an operator looks for them, with every attempt to send one and every report about it."""

from django.conf import settings
from django.contrib import admin
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from nevermisscall.lib.admin import (
    DANGER,
    INFO,
    NONE,
    SUCCESS,
    WARNING,
    DayRangeFilter,
    RecordAdmin,
    RecordInline,
    badge,
    block,
    change_url,
    link,
    pretty,
    shown_number,
)
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter
from nevermisscall.twilio.errors import ERROR_CODES
from nevermisscall.webhooks.models import WebhookReceipt
from sms.models import FROM_TWILIO, AccountPause, Message, MessageMedia, SendAttempt, SenderPace, Status

COLOURS: dict[str, str] = {
    Status.QUEUED: INFO,
    Status.SENDING: INFO,
    Status.UNKNOWN: WARNING,
    Status.SENT_TO_PROVIDER: INFO,
    Status.SENT: INFO,
    Status.DELIVERED: SUCCESS,
    Status.UNDELIVERED: DANGER,
    Status.FAILED: DANGER,
    Status.EXPIRED: DANGER,
    Status.CANCELED: WARNING,
    Status.RECEIVED: SUCCESS,
}

MEDIA_COLOURS: dict[str, str] = {
    MessageMedia.State.PENDING: INFO,
    MessageMedia.State.STORED: SUCCESS,
    MessageMedia.State.REFUSED: WARNING,
}


def explain(code: int | None) -> str:
    """Return an error code with its meaning and Twilio's page about it."""
    if not code:
        return NONE
    known = ERROR_CODES.get(code)
    page = known.link if known else f"https://www.twilio.com/docs/api/errors/{code}"
    return format_html(
        '<a class="text-link" href="{}" rel="noreferrer" target="_blank">{}</a> {}',
        page,
        code,
        known.meaning if known else "not in our table",
    )


class AttemptInline(RecordInline[SendAttempt, Message]):
    model = SendAttempt
    fields = readonly_fields = ("started_at", "outcome", "first_clean_look_at", "token")
    ordering = ("started_at",)
    verbose_name_plural = "Requests to Twilio"
    hide_title = True


class MediaInline(RecordInline[MessageMedia, Message]):
    model = MessageMedia
    fields = readonly_fields = ("position", "content_type", "state", "size", "refusal", "media_sid")
    verbose_name_plural = "Pictures and other files"


@admin.register(Message)
class MessageAdmin(WorkAdmin[Message]):
    list_display = ("created_at", "sender", "sent_to", "tenant_link", "what_for", "state", "error", "sid")
    list_display_links = ("created_at", "sid")
    list_filter = (
        "direction",
        "status",
        "purpose",
        "taken_as",
        ("tenant", AutocompleteSelectFilter),
        ("created_at", DayRangeFilter),
        "possible_duplicate",
        WorkFilter,
    )
    list_select_related = ("tenant",)
    search_fields = ("idempotency_key",)
    search_help_text = "Message SID, a number in any spelling, or the key (missed-call:CA…)"
    sid_fields = ("message_sid",)
    number_fields = ("from_number", "to_number")
    ordering = ("-pk",)
    inlines = (MediaInline, AttemptInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("sent_to", "sender", "tenant_link"),
                    ("state", "error", "duplicate"),
                    "text",
                    ("created_at", "sent_at", "delivered_at"),
                    ("message_sid", "num_segments", "what_for"),
                )
            },
        ),
        ("Twilio's reports", {"fields": ("reports",)}),
        ("The gate's verdict", {"classes": ("collapse",), "fields": ("idempotency_key", "verdict_text")}),
        (
            "Sending",
            {
                "classes": ("collapse",),
                "fields": (
                    ("next_attempt_at", "expires_at", "withdrawn_at", "lease_until"),
                    ("attempts", "dead_at", "last_error"),
                    ("priority", "sender_type"),
                ),
            },
        ),
    )
    readonly_fields = (
        "sent_to",
        "sender",
        "tenant_link",
        "what_for",
        "state",
        "error",
        "duplicate",
        "text",
        "reports",
        "verdict_text",
        "withdrawn_at",
        "lease_until",
    )

    @admin.display(description="To", ordering="to_number")
    def sent_to(self, message: Message) -> str:
        return shown_number(message.to_number)

    @admin.display(description="From", ordering="from_number")
    def sender(self, message: Message) -> str:
        return shown_number(message.from_number)

    @admin.display(description="What for", ordering="purpose")
    def what_for(self, message: Message) -> str:
        return message.get_purpose_display() or message.get_taken_as_display()

    @admin.display(description="Message SID", ordering="message_sid")
    def sid(self, message: Message) -> str:
        return message.message_sid or NONE

    @admin.display(description="Business")
    def tenant_link(self, message: Message) -> str:
        return link(message.tenant)

    @admin.display(description="Status", ordering="status")
    def state(self, message: Message) -> str:
        return badge(message.get_status_display(), COLOURS.get(message.status, ""))

    @admin.display(description="Error", ordering="error_code")
    def error(self, message: Message) -> str:
        return explain(message.error_code)

    @admin.display(description="Possible duplicate")
    def duplicate(self, message: Message) -> str:
        return "Yes: sent again after Twilio denied knowing it" if message.possible_duplicate else "No"

    @admin.display(description="Text")
    def text(self, message: Message) -> str:
        return block(message.body)

    @admin.display(description="Verdict")
    def verdict_text(self, message: Message) -> str:
        return pretty(message.verdict)

    @admin.display(description="Status callbacks")
    def reports(self, message: Message) -> str:
        found = reports_of(message)
        if not found:
            return "None yet."
        rows = (
            (change_url(report), report.received_at.strftime("%H:%M:%S"), report.params.get("MessageStatus", ""))
            for report in found
        )
        return format_html_join(" · ", '<a class="text-link" href="{}">{} {}</a>', rows)


def reports_of(message: Message) -> list[WebhookReceipt]:
    """Return the receipts of Twilio's reports about a message, found by their exact keys, which have an index."""
    if not message.message_sid or message.direction == Message.Direction.INBOUND:
        return []
    errors = {"", str(message.error_code or "")}
    keys = [f"message:{message.message_sid}:{status}:{error}" for status in FROM_TWILIO for error in errors]
    account_sid = message.sender.account_sid or settings.TWILIO_ACCOUNT_SID
    receipts = WebhookReceipt.objects.filter(account_sid=account_sid, kind="status", key__in=keys)
    return list(receipts.order_by("received_at"))


@admin.register(SendAttempt)
class SendAttemptAdmin(RecordAdmin[SendAttempt]):
    list_display = ("started_at", "message_link", "outcome", "first_clean_look_at", "token")
    list_display_links = ("started_at",)
    list_select_related = ("message",)
    search_fields = ("outcome",)
    search_help_text = "SID of the message"
    sid_fields = ("message__message_sid",)
    ordering = ("-started_at",)
    fields = ("message_link", "token", "started_at", "outcome", "first_clean_look_at")
    readonly_fields = ("message_link", "token")

    @admin.display(description="Message")
    def message_link(self, attempt: SendAttempt) -> str:
        return link(attempt.message)


@admin.register(MessageMedia)
class MessageMediaAdmin(WorkAdmin[MessageMedia]):
    list_display = ("message_link", "position", "content_type", "shown_state", "size", "refusal", "media_sid")
    list_display_links = ("position", "media_sid")
    list_filter = ("state", WorkFilter)
    list_select_related = ("message",)
    search_fields = ("content_type",)
    search_help_text = "SID of the file or of its message"
    sid_fields = ("media_sid", "message__message_sid")
    ordering = ("-pk",)
    fields = (
        ("message_link", "position", "shown_state"),
        ("content_type", "size", "refusal"),
        ("account_sid", "parent_sid", "media_sid"),
        ("file", "fetch_at"),
        ("attempts", "dead_at", "last_error"),
    )
    readonly_fields = ("message_link", "shown_state")

    @admin.display(description="Message")
    def message_link(self, media: MessageMedia) -> str:
        return link(media.message)

    @admin.display(description="State", ordering="state")
    def shown_state(self, media: MessageMedia) -> str:
        return badge(media.get_state_display(), MEDIA_COLOURS.get(media.state, ""))


@admin.register(SenderPace)
class SenderPaceAdmin(RecordAdmin[SenderPace]):
    list_display = ("number", "sent", "day", "free_at", "turn_at")
    search_fields = ("number",)
    search_help_text = "Number, or SID of a Messaging Service"
    number_fields = ("number",)
    sid_fields = ("number",)
    ordering = ("number",)


@admin.register(AccountPause)
class AccountPauseAdmin(RecordAdmin[AccountPause]):
    list_display = ("account_sid", "since", "until")
    search_fields = ("account_sid",)
    sid_fields = ("account_sid",)
    ordering = ("-since",)
