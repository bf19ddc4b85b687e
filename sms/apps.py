"""Text messages: one gate, sent once."""

from django.apps import AppConfig


class SmsConfig(AppConfig):
    name = "sms"

    def ready(self) -> None:
        from nevermisscall.outbox import queues
        from nevermisscall.webhooks import status
        from sms import fetching, sending, views

        queues.register(sending.QUEUE)
        queues.register(fetching.QUEUE)
        status.register(views.MESSAGE_REPORT)
