"""What Twilio sends us: verified, parsed, answered once."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "nevermisscall.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from nevermisscall.webhooks import checks  # noqa: F401 - registers on import
