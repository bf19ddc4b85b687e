"""What a form or the command line may put into a tenant's fields."""

import zoneinfo

from django.core.exceptions import ValidationError

from nevermisscall.lib import phones


def validate_e164(value: str) -> None:
    """Refuse anything but a phone number in E.164 form."""
    if not phones.is_e164(value):
        raise ValidationError(f"“{value}” is not in E.164 form; write it like +14155550123")


def validate_timezone(value: str) -> None:
    """Refuse names that are not in the IANA time zone database."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is no IANA time zone; use one like America/New_York")
