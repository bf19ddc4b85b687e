"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class ContactFact:
    """Something changed about a customer of a business."""

    topic: ClassVar[str] = ""
    contact_id: int
    tenant_id: int

    @property
    def aggregate(self) -> str:
        return f"contact:{self.contact_id}"

    def data(self) -> dict[str, Any]:
        return {"contact_id": self.contact_id}


class ContactOptedOut(ContactFact):
    """A person wants no more texts or calls. Published once, when it takes effect."""

    topic = "contact.opted_out"


class ContactOptedIn(ContactFact):
    """A person who had opted out wants texts again. Published once, when it takes effect."""

    topic = "contact.opted_in"
