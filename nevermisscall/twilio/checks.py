"""Start-up checks of the Twilio settings."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def production_talks_to_twilio(**_: Any) -> list[CheckMessage]:
    """An emulator in production would swallow every text."""
    if settings.TWILIO_API_BASE_URL == "https://api.twilio.com":
        return []
    return [
        Error(
            "TWILIO_API_BASE_URL points away from Twilio.",
            hint="Unset it: the emulator is for development.",
            id="twilio.E001",
        )
    ]
