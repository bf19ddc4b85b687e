"""Holds that end."""

from conversations.booking import services
from conversations.booking.models import Appointment
from nevermisscall.outbox.queues import Lane, Queue


def end_hold(appointment: Appointment) -> None:
    """Give back the time of a claimed visit that nobody confirmed."""
    services.expire(appointment)


QUEUE = Queue(
    name="booking.holds",
    model=Appointment,
    due="hold_expires_at",
    lane=Lane.DEFAULT,
    handle=end_hold,
)
