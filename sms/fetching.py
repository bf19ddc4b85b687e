"""Fetches the files of inbound messages into our own storage, where people and the AI look at them."""

import logging
import tempfile
from datetime import timedelta

from django.core.files import File

from nevermisscall.lib.logs import bind
from nevermisscall.outbox.places import Places
from nevermisscall.outbox.queues import Lane, Queue, Retry
from nevermisscall.twilio import media as twilio_media
from nevermisscall.twilio.errors import TwilioError
from nevermisscall.twilio.media import MediaRefused
from sms.models import MessageMedia
from tenants import accounts

IN_MEMORY_BYTES = 512 * 1024

State = MessageMedia.State

logger = logging.getLogger(__name__)


def fetch(media: MessageMedia) -> timedelta | None:
    """Fetch one claimed file and store it. A file that we do not keep is marked so, and that is the end of it."""
    bind(message_id=media.message_id, media_sid=media.media_sid)
    if media.state != State.PENDING:
        return None
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as buffer:
        try:
            content_type = twilio_media.download(
                accounts.credentials(media.account_sid),
                parent_sid=media.parent_sid,
                media_sid=media.media_sid,
                into=buffer,
            )
        except MediaRefused as refusal:
            logger.warning("file of a message is not kept", extra={"reason": str(refusal)})
            _settle(media, state=State.REFUSED, refusal=str(refusal)[:200])
            return None
        except TwilioError as error:
            raise Retry(str(error)) from error
        size = buffer.tell()
        buffer.seek(0)
        media.content_type = content_type
        name = _store(media, File(buffer))
    if not _settle(media, state=State.STORED, content_type=content_type, file=name, size=size):
        # Our lease ended and another process is at it: its copy counts.
        media.file.storage.delete(name)
    return None


def _store(media: MessageMedia, content: "File[bytes]") -> str:
    """Write the file under a new name and return that. Raises `Retry`, such as when the disk is full."""
    storage = media.file.storage
    name = media.file.field.generate_filename(media, "")
    try:
        return storage.save(name, content)
    except OSError as error:
        storage.delete(name)  # half of it may be there
        raise Retry(f"MEDIA_ROOT cannot be written: {error.strerror or error}") from error


def _settle(media: MessageMedia, **values: object) -> bool:
    return MessageMedia.objects.filter(pk=media.pk, fence=media.fence, state=State.PENDING).update(**values) == 1


QUEUE = Queue(
    name="sms.fetch_media",
    model=MessageMedia,
    due="fetch_at",
    lane=Lane.DEFAULT,
    handle=fetch,
    max_attempts=12,  # over about an hour
    places=Places(2),
)
