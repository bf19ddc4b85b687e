"""Twilio's voice webhooks: request → service → TwiML."""

from functools import cache
from typing import Any

from django.conf import settings
from django.urls import reverse

from calls import answering, arrival, serializers, services
from calls.answering import Answering, Plan
from calls.models import TERMINAL, Call, Status, status_from
from calls.serializers import CallWebhook, DialResult, OwnerLeg, Progress
from nevermisscall.lib import phones
from nevermisscall.lib.clock import utcnow
from nevermisscall.webhooks import twiml
from nevermisscall.webhooks.parsing import Params
from nevermisscall.webhooks.receipts import Answer, Envelope
from nevermisscall.webhooks.status import Report
from nevermisscall.webhooks.views import TwilioWebhookView
from tenants import routing


class CallView(TwilioWebhookView):
    """A call arrives at one of our numbers; or, as the number's status callback, it is over."""

    kind = "call"

    def read(self, params: Params, **path: str) -> CallWebhook:
        return serializers.read_call(params)

    def key(self, webhook: CallWebhook) -> str:
        return f"{webhook.call_sid}:{webhook.call_status}:{webhook.sequence_number}"[:200]

    def answer_once(self, envelope: Envelope, webhook: CallWebhook) -> tuple[Answer, bool]:
        if status_from(webhook.call_status) == Status.RINGING:
            plan = _plan(webhook)
            answer = _render_plan(webhook, plan)
            if arrival.record_forwarded(envelope=envelope, webhook=webhook, plan=plan, answer=answer):
                return answer, False
        return super().answer_once(envelope, webhook)

    def answer(self, webhook: CallWebhook, receipt_id: int) -> Answer:
        if status_from(webhook.call_status) in TERMINAL:
            # The end of a call that we placed ourselves concerns nobody here: it is no customer's, nor a missed one.
            if not webhook.direction.startswith("outbound"):
                services.end_call(webhook=webhook, receipt_id=receipt_id)
            return twiml.empty()
        plan = _plan(webhook)
        services.start_call(webhook=webhook, plan=plan, receipt_id=receipt_id)
        return _render_plan(webhook, plan)

    def is_heard(self, webhook: CallWebhook) -> bool:
        return status_from(webhook.call_status) not in TERMINAL

    def when_broken(self, webhook: CallWebhook) -> Answer:
        """Forward the call from what memory knows; only its record is missing."""
        if status_from(webhook.call_status) in TERMINAL:
            return twiml.empty()
        try:
            # Whether the same caller is being forwarded already is in the database; assume so, rather than go in
            # circles.
            return _render_plan(webhook, _plan(webhook, is_ringing=lambda _: True))
        except routing.NotLoaded:
            return _render(Answering.UNAVAILABLE.value, webhook.call_sid, None, {})


class DialActionView(TwilioWebhookView):
    """Twilio's `<Dial>` action request: forwarding ended, what does the caller hear now?"""

    kind = "dial"

    def read(self, params: Params, **path: str) -> DialResult:
        return serializers.read_dial_result(params, path["call_sid"])

    def key(self, webhook: DialResult) -> str:
        return f"{webhook.call_sid}:{webhook.dial_call_sid}:{webhook.dial_call_status}:{webhook.dial_bridged}"

    def answer(self, webhook: DialResult, receipt_id: int) -> Answer:
        call = services.finish_dial(result=webhook, receipt_id=receipt_id)
        if call.outcome != Call.Outcome.MISSED:
            return twiml.empty()
        return _after_a_miss(webhook)

    def is_heard(self, webhook: DialResult) -> bool:
        return status_from(webhook.call_status) not in TERMINAL

    def when_broken(self, webhook: DialResult) -> Answer:
        picked_up = webhook.dial_call_status in {"completed", "answered"} and webhook.dial_bridged is not False
        if webhook.dial_bridged or picked_up:
            return twiml.empty()  # they talked; whether anybody pressed 1 is in the database
        try:
            return _after_a_miss(webhook)
        except routing.NotLoaded:
            return twiml.render("calls/goodbye.xml")


class ScreenView(TwilioWebhookView):
    """An owner's phone was picked up: ask for a 1, which voicemail cannot press."""

    kind = "screen"

    def read(self, params: Params, **path: str) -> OwnerLeg:
        return serializers.read_owner_leg(params, path["call_sid"])

    def key(self, webhook: OwnerLeg) -> str:
        return f"{webhook.call_sid}:{webhook.leg_sid}"

    def answer(self, webhook: OwnerLeg, receipt_id: int) -> Answer:
        call = services.screen_call(leg=webhook, receipt_id=receipt_id)
        context = {"caller": phones.spoken(call.from_number), "known": phones.is_e164(call.from_number)}
        return _render("screen.xml", call.call_sid, _route(call), context)

    def is_heard(self, webhook: OwnerLeg) -> bool:
        return True

    def when_broken(self, webhook: OwnerLeg) -> Answer:
        return _render("screen.xml", webhook.call_sid, None, {})


class AcceptView(TwilioWebhookView):
    """What the owner pressed. An empty document connects the two; anything else hangs up the owner's leg."""

    kind = "accept"

    def read(self, params: Params, **path: str) -> OwnerLeg:
        return serializers.read_owner_leg(params, path["call_sid"])

    def key(self, webhook: OwnerLeg) -> str:
        return f"{webhook.call_sid}:{webhook.leg_sid}:{webhook.digits[:20]}"

    def answer(self, webhook: OwnerLeg, receipt_id: int) -> Answer:
        if services.accept_call(leg=webhook, receipt_id=receipt_id):
            return twiml.empty()
        return _render("not_connected.xml", webhook.call_sid, None, {"pressed_1": webhook.digits == "1"})

    def is_heard(self, webhook: OwnerLeg) -> bool:
        return True

    def when_broken(self, webhook: OwnerLeg) -> Answer:
        """Two people want to talk: connect them, even if that cannot be written down."""
        if webhook.digits == "1":
            return twiml.empty()
        return _render("not_connected.xml", webhook.call_sid, None, {"pressed_1": False})


class VoicemailView(TwilioWebhookView):
    """Twilio's `<Record>` action request: the caller finished their message."""

    kind = "voicemail"

    def read(self, params: Params, **path: str) -> serializers.RecordingReport:
        return serializers.read_voicemail(params, path["call_sid"])

    def key(self, webhook: serializers.RecordingReport) -> str:
        return f"{webhook.call_sid}:{webhook.recording_sid}"

    def answer(self, webhook: serializers.RecordingReport, receipt_id: int) -> Answer:
        services.record_recording(report=webhook, receipt_id=receipt_id)
        return twiml.render("calls/goodbye.xml")

    def is_heard(self, webhook: serializers.RecordingReport) -> bool:
        return True

    def when_broken(self, webhook: serializers.RecordingReport) -> Answer:
        return twiml.render("calls/goodbye.xml")


def _apply_progress(report: Progress, receipt_id: int) -> None:
    if not report.parent_call_sid and status_from(report.call_status) in TERMINAL:
        services.end_call(webhook=report, receipt_id=receipt_id)
    else:
        services.record_progress(report=report, receipt_id=receipt_id)


PROGRESS_REPORT = Report(
    kind="call",
    marker="CallSid",
    read=serializers.read_progress,
    key=lambda report: f"{report.call_sid}:{report.sequence_number}:{report.call_status}:{report.answered_by}",
    apply=_apply_progress,
)

RECORDING_REPORT = Report(
    kind="recording",
    marker="RecordingStatus",  # not RecordingSid: the last progress report of a recorded leg has that too
    read=serializers.read_recording,
    key=lambda report: f"{report.recording_sid}:{report.recording_status}",
    apply=lambda report, receipt_id: services.record_recording(report=report, receipt_id=receipt_id),
)


def _plan(webhook: CallWebhook, is_ringing: Any = services.is_ringing) -> Plan:
    return answering.plan(webhook, routing.table.route(webhook.to_number), at=utcnow(), is_ringing=is_ringing)


def _route(call: Call | DialResult) -> routing.Route | None:
    route = routing.table.route(call.to_number)
    return route if route is not None and route.account.account_sid == call.account_sid else None


def _after_a_miss(webhook: DialResult) -> Answer:
    if status_from(webhook.call_status) in TERMINAL:
        return twiml.empty()  # the caller is gone
    route = _route(webhook)
    return _render_answering(answering.after_a_miss(route), webhook, route, {})


def _render_plan(webhook: CallWebhook, plan: Plan) -> Answer:
    return _render_answering(plan.answering, webhook, plan.route, plan.context)


def _render_answering(
    experience: Answering, webhook: CallWebhook | DialResult, route: routing.Route | None, context: dict[str, Any]
) -> Answer:
    if experience in {Answering.MISSED, Answering.VOICEMAIL}:
        # Not promised to callers who cannot be texted.
        will_text = phones.classify(webhook.from_number) == phones.CallerKind.TEXTABLE
        context = {**context, "will_text": will_text}
    return _render(experience.value, webhook.call_sid, route, context)


def _render(template: str, call_sid: str, route: routing.Route | None, context: dict[str, Any]) -> Answer:
    return twiml.render(
        f"calls/{template}",
        urls=CallUrls(call_sid),
        call_sid=call_sid,
        business=route.tenant_name if route else "",
        language=route.language if route else "en",
        **context,
    )


class CallUrls(dict[str, str]):
    """The absolute URLs of one call's webhooks, for its templates: made when one is asked for."""

    def __init__(self, call_sid: str) -> None:
        super().__init__()
        self._call_sid = call_sid

    def __missing__(self, name: str) -> str:
        path = _path(name, "") if name == "status" else _path(f"calls:{name}", "-SID-")
        return settings.PUBLIC_BASE_URL + path.replace("-SID-", self._call_sid)


@cache
def _path(name: str, call_sid: str) -> str:
    # Once for each route: reverse() costs as much as the rest of the template.
    return reverse(name, args=[call_sid] if call_sid else [])
