"""The only importer of the Twilio SDK."""

from django.apps import AppConfig


class TwilioConfig(AppConfig):
    name = "nevermisscall.twilio"
    label = "twilio"

    def ready(self) -> None:
        from nevermisscall.twilio import checks  # noqa: F401 - registers on import
