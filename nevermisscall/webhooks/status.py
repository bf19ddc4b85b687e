"""`/api/webhooks/status`: one URL for everything that only reports, told apart by its fields.

`calls` and `sms` register what they understand; this room knows neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nevermisscall.webhooks.parsing import InvalidWebhook, Params, parse_form
from nevermisscall.webhooks.receipts import Answer
from nevermisscall.webhooks.twiml import NO_CONTENT
from nevermisscall.webhooks.views import TwilioWebhookView


@dataclass(frozen=True)
class Report:
    """One kind of status report: the field that marks it, and how to read, recognise and apply it."""

    kind: str
    marker: str
    read: Callable[[Params, dict[str, str]], Any]
    key: Callable[[Any], str]
    apply: Callable[[Any, int], None]


_reports: list[Report] = []


def register(report: Report) -> None:
    """Add a kind of report. Those registered first are tried first; call it from AppConfig.ready()."""
    _reports.append(report)


class StatusView(TwilioWebhookView):
    """Call progress, message status and recording status. Twilio ignores the answer, so it is an empty 204."""

    kind = "status"

    def read(self, params: Params, **path: str) -> tuple[Report, Any]:
        for report in _reports:
            if params.text(report.marker):
                query = parse_form(self.request._request.META.get("QUERY_STRING", "").encode("latin-1"))
                return report, report.read(params, dict(query))
        raise InvalidWebhook({report.marker: "none of these fields is there" for report in _reports})

    def key(self, webhook: tuple[Report, Any]) -> str:
        report, values = webhook
        return f"{report.kind}:{report.key(values)}"

    def answer(self, webhook: tuple[Report, Any], receipt_id: int) -> Answer:
        report, values = webhook
        report.apply(values, receipt_id)
        return NO_CONTENT
