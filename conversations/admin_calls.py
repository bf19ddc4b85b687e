"""What became of a missed call, for the call's own page."""

from collections.abc import Iterable, Iterator

from django.http import HttpRequest

from calls.admin import Chapter, Moment, tell
from calls.alerts.models import AlertCall
from calls.models import Call
from conversations.models import Entry
from nevermisscall.lib.admin import SUCCESS, block, change_url, link
from nevermisscall.outbox.admin import may_view
from sms.admin import COLOURS, explain, reports_of
from sms.models import FROM_TWILIO, Message, Status
from tenants.compliance import Purpose

# The reports that end the story of a text.
TOLD = {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED}


@tell
def text_back(request: HttpRequest, call: Call) -> Chapter | None:
    """Tell how a missed call was answered by text: the conversation, the text, each attempt, what the carrier said."""
    if not may_view(request, Message):
        return None
    entry = Entry.objects.filter(call=call).select_related("conversation").first()
    keys = (f"missed-call:{call.call_sid}", f"owner:missed-call:{call.call_sid}")
    texts = Message.objects.filter(tenant=call.tenant, idempotency_key__in=keys)
    rows_of = texts.select_related("phone_number__account").prefetch_related("send_attempts")
    messages = list(rows_of.order_by("pk"))
    rows = [("Conversation", link(entry.conversation) if entry else _why_no_conversation(call))]
    for message in messages:
        title = "Text to the owner" if message.purpose == Purpose.OWNER_ALERT else "Text-back"
        rows += [(title, link(message)), ("Status", message.get_status_display()), ("Words", block(message.body))]
        if message.error_code:
            rows.append(("Error", explain(message.error_code)))
    if entry and not messages and call.text_back_at:
        rows.append(("Text-back", "None: the customer was texted within the cooldown."))
    moments = [moment for message in messages for moment in _moments(message)]
    for alert in _owner_calls(request, call, messages):
        result = alert.get_reason_display() if alert.reason else alert.get_status_display()
        rows += [("Call to the owner", link(alert)), ("Result", result)]
        moments += _moments_of_call(alert)
    return Chapter("What followed", rows, moments)


def _owner_calls(request: HttpRequest, call: Call, messages: list[Message]) -> Iterable[AlertCall]:
    """Return the calls to the owner's phone about this caller (`conversations.owner_calls`)."""
    if call.tenant is None or not may_view(request, AlertCall):
        return []
    keys = [f"owner:missed-call:{call.call_sid}", *(f"owner:undelivered:{message.pk}" for message in messages)]
    return AlertCall.objects.filter(tenant=call.tenant, idempotency_key__in=keys).order_by("pk")


def _moments_of_call(alert: AlertCall) -> Iterator[Moment]:
    sid, url = alert.call_sid or "", change_url(alert)
    yield Moment(alert.created_at, "Call to the owner queued", icon="schedule_send", url=url, url_text="call")
    if alert.answered_at is not None:
        yield Moment(alert.answered_at, "Call to the owner picked up", sid=sid, icon="phone_in_talk")
    if alert.accepted_at is not None:
        yield Moment(alert.accepted_at, "The owner pressed 1", icon="check", tone=SUCCESS)
    if alert.ended_at is not None:
        yield Moment(alert.ended_at, "Call to the owner ended", alert.get_reason_display(), icon="call_end")


def _why_no_conversation(call: Call) -> str:
    if call.outcome != Call.Outcome.MISSED:
        return "None: the call was not missed."
    return "None: the caller is not one we text." if call.text_back_at else "None yet."


def _moments(message: Message) -> Iterator[Moment]:
    title = "Text to the owner" if message.purpose == Purpose.OWNER_ALERT else "Text-back"
    url = change_url(message)
    yield Moment(message.created_at, f"{title} queued", icon="schedule_send", url=url, url_text="text")
    for attempt in message.send_attempts.all():
        yield Moment(attempt.started_at, "Request to Twilio", attempt.outcome or "no outcome yet", icon="send")
    reports = reports_of(message)
    if message.sent_at is not None and not (reports and reports[0].received_at < message.sent_at):
        yield Moment(message.sent_at, "Twilio has the text", sid=message.message_sid or "", icon="done")
    for report in reports:
        status = FROM_TWILIO.get(report.params.get("MessageStatus", ""))
        yield Moment(
            at=report.received_at,
            title=f"Twilio reports: {status.label.lower() if status else 'something new'}",
            detail=report.params.get("ErrorCode", ""),
            icon="mark_chat_read" if status == Status.DELIVERED else "sms",
            tone=COLOURS.get(status or "", "") if status in TOLD else "",
            url=change_url(report),
            url_text="webhook",
        )
