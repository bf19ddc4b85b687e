"""Booking, an extension of `conversations`."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "conversations.booking"
    label = "booking"

    def ready(self) -> None:
        from conversations.booking import expiring
        from nevermisscall.outbox import queues

        queues.register(expiring.QUEUE)
