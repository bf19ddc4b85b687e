"""Phone calls: routed, forwarded, missed or answered."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"

    def ready(self) -> None:
        from calls import settling, views
        from nevermisscall.outbox import queues
        from nevermisscall.webhooks import status

        queues.register(settling.QUEUE)
        status.register(views.RECORDING_REPORT)
        status.register(views.PROGRESS_REPORT)
