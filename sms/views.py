"""Twilio's message webhooks."""

from nevermisscall.webhooks.status import Report
from sms import serializers, services
from sms.services import MessageReport


def _apply(report: MessageReport, _receipt_id: int) -> None:
    services.apply_report(report)


MESSAGE_REPORT = Report(
    kind="message",
    marker="MessageSid",
    read=serializers.read_message_report,
    key=lambda report: f"{report.message_sid}:{report.status}:{report.error_code or ''}",
    apply=_apply,
)
