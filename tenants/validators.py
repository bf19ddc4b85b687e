"""What a form or the command line may put into a tenant's fields."""

import re
import zoneinfo

from django.core.exceptions import ValidationError

from nevermisscall.lib import phones


def validate_e164(value: str) -> None:
    """Refuse anything but a phone number in E.164 form."""
    if not phones.is_e164(value):
        raise ValidationError(f"“{value}” is not in E.164 form; write it like +14155550123")


def validate_messaging_service_sid(value: str) -> None:
    """Refuse anything but the SID of a Messaging Service."""
    if not re.fullmatch("MG[0-9a-fA-F]{32}", value):
        raise ValidationError(f"“{value}” is not the SID of a Messaging Service: MG and 32 hexadecimal digits")


def validate_timezone(value: str) -> None:
    """Refuse names that are not in the IANA time zone database."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is no IANA time zone; use one like America/New_York")
