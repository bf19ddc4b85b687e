"""Twilio's message webhooks."""

from nevermisscall.webhooks import twiml
from nevermisscall.webhooks.parsing import Params
from nevermisscall.webhooks.receipts import Answer
from nevermisscall.webhooks.status import Report
from nevermisscall.webhooks.views import TwilioWebhookView
from sms import receiving, serializers, services
from sms.receiving import InboundText
from sms.services import MessageReport


class TextView(TwilioWebhookView):
    """Somebody texts one of our numbers. The answer is empty: what we reply goes through the gate, not in TwiML."""

    kind = "sms"

    def read(self, params: Params, **path: str) -> InboundText:
        return serializers.read_text(params)

    def key(self, webhook: InboundText) -> str:
        return webhook.message_sid

    def answer(self, webhook: InboundText, receipt_id: int) -> Answer:
        receiving.receive_text(webhook)
        return twiml.empty()

    def when_broken(self, webhook: InboundText) -> Answer:
        return twiml.empty()


def _apply(report: MessageReport, _receipt_id: int) -> None:
    services.apply_report(report)


MESSAGE_REPORT = Report(
    kind="message",
    marker="MessageSid",
    read=serializers.read_message_report,
    key=lambda report: f"{report.message_sid}:{report.status}:{report.error_code or ''}",
    apply=_apply,
)
