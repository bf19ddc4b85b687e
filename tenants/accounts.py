"""Which credentials act for which number."""

from django.conf import settings

from nevermisscall.twilio.client import Credentials
from tenants.models import TwilioAccount


def credentials(account_sid: str) -> Credentials:
    """Return the credentials of an account of ours; those of the platform for a blank or unknown one."""
    if account_sid and account_sid != settings.TWILIO_ACCOUNT_SID:
        own = TwilioAccount.objects.filter(account_sid=account_sid).first()
        if own is not None:
            return Credentials(own.account_sid, own.auth_token)
    return Credentials(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
