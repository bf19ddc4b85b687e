"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from conversations.booking.models import Appointment


@dataclass(frozen=True)
class AppointmentFact:
    """Something happened to a visit."""

    topic: ClassVar[str] = ""
    appointment: Appointment

    @property
    def tenant_id(self) -> int:
        return self.appointment.tenant_id

    @property
    def aggregate(self) -> str:
        return f"appointment:{self.appointment.pk}"

    def data(self) -> dict[str, Any]:
        appointment = self.appointment
        return {
            "appointment_id": appointment.pk,
            "conversation_id": appointment.conversation_id,
            "user_id": appointment.decided_by_id,
            "customer_phone": appointment.contact.number,
            "starts_at": appointment.starts_at.isoformat(),
            "ends_at": appointment.ends_at.isoformat(),
            "job_type": appointment.job_type,
        }


class AppointmentRequested(AppointmentFact):
    """A customer chose a time, which is kept for them until somebody confirms. Published once for each."""

    topic = "appointment.requested"


class AppointmentConfirmed(AppointmentFact):
    """The business comes. Published once for each."""

    topic = "appointment.confirmed"


class AppointmentDeclined(AppointmentFact):
    """The business cannot come at that time. Published once for each."""

    topic = "appointment.declined"


class AppointmentCanceled(AppointmentFact):
    """Called off by either side. Published once for each."""

    topic = "appointment.canceled"


class AppointmentExpired(AppointmentFact):
    """Nobody confirmed it in time: the time is free again, the customer is asked for another. Once for each."""

    topic = "appointment.expired"
