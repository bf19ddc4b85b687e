"""The reconciliation with Twilio's lists."""

from django.apps import AppConfig


class ReconcilingConfig(AppConfig):
    name = "nevermisscall.reconciling"
    label = "reconciling"

    def ready(self) -> None:
        from nevermisscall.outbox import queues
        from nevermisscall.reconciling import scheduling

        queues.register(scheduling.QUEUE)
