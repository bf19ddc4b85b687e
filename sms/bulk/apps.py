"""Bulk texts, an extension of `sms`."""

from django.apps import AppConfig


class BulkConfig(AppConfig):
    name = "sms.bulk"
    label = "bulk"

    def ready(self) -> None:
        from nevermisscall.outbox import queues
        from sms.bulk import releasing

        queues.register(releasing.QUEUE)
