"""The facts about services outside (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class ServiceFact:
    """News about a service, or about one account at Twilio. It concerns the platform, so it has no tenant."""

    topic: ClassVar[str] = ""
    service: str
    state: str
    account_sid: str | None = None

    @property
    def tenant_id(self) -> None:
        return None

    @property
    def aggregate(self) -> str:
        return f"{self.service}:{self.account_sid}" if self.account_sid else f"service:{self.service}"

    def data(self) -> dict[str, Any]:
        return {"service": self.service, "state": self.state, "account_sid": self.account_sid}


class ServiceDegraded(ServiceFact):
    """It fails: `degraded` while something stands in for it, else `down`. Published when that changes."""

    topic = "service.degraded"


class ServiceRecovered(ServiceFact):
    """It works again. Published once."""

    topic = "service.recovered"
