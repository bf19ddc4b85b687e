"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class ContactOptedOut:
    """A person told us to stop texting. Published once, when it takes effect."""

    topic: ClassVar[str] = "contact.opted_out"
    contact_id: int
    tenant_id: int

    @property
    def aggregate(self) -> str:
        return f"contact:{self.contact_id}"

    def data(self) -> dict[str, Any]:
        return {"contact_id": self.contact_id}
