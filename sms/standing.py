"""How we stand with Twilio, as far as our own rows tell: nobody asks Twilio only to find out."""

from datetime import timedelta

from nevermisscall.lib.clock import DatabaseClock
from sms.models import AccountPause, Message, SendAttempt, Status

LATELY = timedelta(minutes=10)
LOOKED_AT = 20  # newest requests
ENOUGH = 3


def trouble() -> str:
    """Return what is wrong between us and Twilio; blank if nothing is."""
    if AccountPause.objects.exists():
        return "an account's credentials are refused; its texts wait"
    newest = SendAttempt.objects.filter(started_at__gt=DatabaseClock() - LATELY).order_by("-started_at")
    asked = list(newest.values_list("message_id", flat=True)[:LOOKED_AT])
    open_still = {Status.QUEUED, Status.UNKNOWN}  # neither taken nor refused: no answer, no connection, too many
    unclear = Message.objects.filter(pk__in=asked, status__in=open_still).count()
    if unclear >= ENOUGH and 2 * unclear >= len(set(asked)):
        return "most requests of the last minutes got no clear answer"
    return ""
