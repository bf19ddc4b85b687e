"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from nevermisscall.reconciling.models import Disposition


@dataclass(frozen=True)
class CallsUnaccounted:
    """Calls of a day that Twilio knows have no outcome here. Published once for each account and day."""

    topic: ClassVar[str] = "calls.unaccounted"
    disposition: Disposition

    @property
    def tenant_id(self) -> None:
        return None

    @property
    def aggregate(self) -> str:
        return f"disposition:{self.disposition.pk}"

    def data(self) -> dict[str, Any]:
        day = self.disposition
        return {
            "account_sid": day.account_sid,
            "day": day.day.isoformat(),
            "undecided": day.undecided,
            "not_here": day.not_here,
            "call_sids": day.call_sids,
        }
