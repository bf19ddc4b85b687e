"""Calls as an operator looks for them: by SID, number or reason; and the whole story of one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from calls.models import Call, CallEvent
from nevermisscall.lib.admin import (
    DANGER,
    INFO,
    NONE,
    SUCCESS,
    WARNING,
    DayRangeFilter,
    RecordAdmin,
    anchor,
    badge,
    change_url,
    link,
    shown_number,
    span,
)
from nevermisscall.outbox.admin import WorkAdmin, WorkFilter
from nevermisscall.webhooks.models import WebhookReceipt

_ICONS: dict[str, str] = {
    CallEvent.Kind.INCOMING: "phone_in_talk",
    CallEvent.Kind.LEG: "ring_volume",
    CallEvent.Kind.SCREENED: "hearing",
    CallEvent.Kind.ACCEPTED: "check_circle",
    CallEvent.Kind.NOT_ACCEPTED: "do_not_disturb_on",
    CallEvent.Kind.DIALED: "phone_forwarded",
    CallEvent.Kind.ENDED: "call_end",
    CallEvent.Kind.MACHINE: "voicemail",
    CallEvent.Kind.RECORDING: "mic",
    CallEvent.Kind.DECIDED: "gavel",
    CallEvent.Kind.SETTLED: "manage_search",
    CallEvent.Kind.FOUND: "travel_explore",
    CallEvent.Kind.ASKED: "contact_support",
}

OUTCOME_COLOURS: dict[str, str] = {
    Call.Outcome.ANSWERED: SUCCESS,
    Call.Outcome.MISSED: DANGER,
    Call.Outcome.REFUSED: WARNING,
}
_ANSWERED_WITH = {
    "dial": "the owner's phone rings",
    "missed": "nobody to ring",
    "voicemail": "nobody to ring, to voicemail",
    "unknown_number": "not a number of ours",
    "unavailable": "the business is not active",
    "own_phone": "from the owner's own phone",
    "loop": "came back from the owner's phone while it rang",
}


@dataclass(frozen=True)
class Moment:
    """One line of a call's timeline. `tone` is a colour of `nevermisscall.lib.admin`."""

    at: datetime
    title: str
    detail: str = ""
    sid: str = ""
    icon: str = "circle"
    tone: str = ""
    url: str = ""
    url_text: str = ""


@dataclass(frozen=True)
class Chapter:
    """What a higher app adds to the story of a call: a panel beside the timeline, and moments in it."""

    title: str
    rows: Sequence[tuple[str, str]]
    moments: Sequence[Moment] = field(default=())


# Gets the request too, since the user may not be allowed to see what follows.
Teller = Callable[[HttpRequest, Call], Chapter | None]
_tellers: list[Teller] = []


def tell(teller: Teller) -> Teller:
    """Register what follows from a call, in an app that this one does not know."""
    _tellers.append(teller)
    return teller


@admin.register(Call)
class CallAdmin(WorkAdmin[Call]):
    list_display = ("started_at", "caller", "called", "tenant_link", "result", "reason", "talked", "sid")
    list_display_links = ("started_at", "sid")
    list_filter = (
        "outcome",
        "missed_reason",
        ("tenant", AutocompleteSelectFilter),
        ("started_at", DayRangeFilter),
        WorkFilter,
    )
    list_select_related = ("tenant",)
    search_fields = ("from_number", "to_number")
    search_help_text = "Call or leg SID, or a number in any spelling, whole or in part"
    sid_fields = ("call_sid", "dial_call_sid")
    number_fields = ("from_number", "to_number")
    ordering = ("-pk",)
    change_form_template = "admin/calls/call/change_form.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("caller", "called", "tenant_link"),
                    ("result", "reason", "talked"),
                    ("started_at", "answered_at", "ended_at"),
                    ("call_sid", "dial_call_sid", "account_sid"),
                )
            },
        ),
        (
            "Details",
            {
                "classes": ("collapse",),
                "fields": (
                    ("status", "direction", "screening"),
                    ("dial_call_status", "accepted_at", "answered_by"),
                    ("text_back_at", "settle_at", "lease_until", "reconciled_at"),
                    ("attempts", "dead_at", "last_error"),
                ),
            },
        ),
    )
    readonly_fields = ("caller", "called", "tenant_link", "result", "reason", "talked", "lease_until")

    def find_sid(self, sid: str) -> Q:
        if Call.objects.filter(call_sid=sid).exists():
            return Q(call_sid=sid)  # the usual search, by the unique index; the others read whole tables
        legs = CallEvent.objects.filter(leg_sid__startswith=sid).values("call_id")
        return super().find_sid(sid) | Q(pk__in=legs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        call = self.get_object(request, object_id)
        told = {"timeline": [], "chapters": []} if call is None else story(request, call)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    @admin.display(description="From", ordering="from_number")
    def caller(self, call: Call) -> str:
        return shown_number(call.from_number)

    @admin.display(description="To", ordering="to_number")
    def called(self, call: Call) -> str:
        return shown_number(call.to_number)

    @admin.display(description="Call SID", ordering="call_sid")
    def sid(self, call: Call) -> str:
        return call.call_sid

    @admin.display(description="Business")
    def tenant_link(self, call: Call) -> str:
        return link(call.tenant)

    @admin.display(description="Outcome", ordering="outcome")
    def result(self, call: Call) -> str:
        return badge(call.get_outcome_display() or "In progress", OUTCOME_COLOURS.get(call.outcome, INFO))

    @admin.display(description="Reason", ordering="missed_reason")
    def reason(self, call: Call) -> str:
        return call.get_missed_reason_display() if call.missed_reason else NONE

    @admin.display(description="Talked", ordering="duration")
    def talked(self, call: Call) -> str:
        if call.duration is None or call.outcome == Call.Outcome.MISSED:
            return NONE
        return f"{call.duration // 60}:{call.duration % 60:02}"


def story(request: HttpRequest, call: Call) -> dict[str, Any]:
    """Return the timeline of a call and what the apps above add to it."""
    chapters = [chapter for teller in _tellers if (chapter := teller(request, call)) is not None]
    moments: list[Moment] = [_moment(call, event) for event in call.events.all()]
    for chapter in chapters:
        moments.extend(chapter.moments)
    moments.sort(key=lambda moment: moment.at)
    return {"timeline": [(moment, _offset(call, moment)) for moment in moments], "chapters": chapters}


def _offset(call: Call, moment: Moment) -> str:
    seconds = (moment.at - call.started_at).total_seconds()
    if seconds < 60:
        return f"+{max(seconds, 0):.1f} s"
    return f"+{span(moment.at - call.started_at)}"


def _moment(call: Call, event: CallEvent) -> Moment:
    receipt = change_url(WebhookReceipt, event.receipt_id) if event.receipt_id else ""
    tone = ""
    if event.kind == CallEvent.Kind.DECIDED:
        tone = OUTCOME_COLOURS.get(call.outcome, "")
    elif event.kind in {CallEvent.Kind.ACCEPTED, CallEvent.Kind.NOT_ACCEPTED}:
        tone = SUCCESS if event.kind == CallEvent.Kind.ACCEPTED else WARNING
    return Moment(
        at=event.occurred_at,
        title=event.get_kind_display(),
        detail=_readable(event),
        sid=event.leg_sid,
        icon=_ICONS.get(event.kind, "circle"),
        tone=tone,
        url=receipt,
        url_text="webhook" if receipt else "",
    )


def _readable(event: CallEvent) -> str:
    if event.kind == CallEvent.Kind.INCOMING:
        return _ANSWERED_WITH.get(event.detail, event.detail)
    if event.kind == CallEvent.Kind.DECIDED:
        known: dict[str, str] = dict(Call.MissedReason.choices) | dict(Call.Outcome.choices)
        return known.get(event.detail, event.detail)
    if event.kind == CallEvent.Kind.NOT_ACCEPTED:
        return f"pressed {event.detail}" if event.detail else "pressed nothing"
    return event.detail


@admin.register(CallEvent)
class CallEventAdmin(RecordAdmin[CallEvent]):
    list_display = ("occurred_at", "call_link", "kind", "detail", "leg_sid", "receipt")
    list_display_links = ("occurred_at",)
    list_filter = ("kind",)
    list_select_related = ("call",)
    search_fields = ("detail",)
    search_help_text = "SID of the call or the leg"
    sid_fields = ("call__call_sid", "leg_sid")
    ordering = ("-pk",)
    fields = ("call_link", "kind", "detail", "leg_sid", "receipt", "occurred_at")
    readonly_fields = ("call_link", "receipt")

    @admin.display(description="Call")
    def call_link(self, event: CallEvent) -> str:
        return link(event.call)

    @admin.display(description="Webhook")
    def receipt(self, event: CallEvent) -> str:
        if event.receipt_id is None:
            return "our own decision"
        return anchor(change_url(WebhookReceipt, event.receipt_id), str(event.receipt_id))
