"""Links to the files of an owner's text, for Twilio to fetch when it is passed on. Signed, and good for a day."""

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse

from sms.models import Message, MessageMedia

GOOD_FOR = timedelta(days=1)

_signer = TimestampSigner(sep=".", salt="conversations.owner.media")


def link(media: MessageMedia) -> str:
    """Return an address at which anybody who has it can get the file for a day."""
    return settings.PUBLIC_BASE_URL + reverse("owner:media", args=[_signer.sign(str(media.pk))])


def media_of(token: str) -> MessageMedia | None:
    """Return the file that a link is for; None if it is not one of ours or has grown too old."""
    try:
        pk = _signer.unsign(token, max_age=GOOD_FOR)
    except BadSignature:  # too old is one of its kinds
        return None
    kept = MessageMedia.objects.filter(state=MessageMedia.State.STORED, message__taken_as=Message.TakenAs.OWNER)
    return kept.filter(pk=pk).first()
