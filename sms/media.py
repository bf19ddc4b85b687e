"""Pictures and other files that came with a text."""

import mimetypes
import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q

from nevermisscall.outbox.models import Work


def _random_name(media: "MessageMedia", _claimed: str) -> str:
    """Return where the file is stored: 16 random bytes, so that no name tells of another and none can be guessed."""
    name = secrets.token_hex(16)
    return f"texts/{name[:2]}/{name}{mimetypes.guess_extension(media.content_type) or ''}"


class MessageMedia(Work):
    """One file of an inbound MMS. Twilio's copy is fetched once (`sms.fetching`) and ours is what people see.

    pending ──▶ stored
       └──────▶ refused     not Twilio's, too large, or not a type we keep
    """

    class State(models.TextChoices):
        PENDING = "pending", "To be fetched"
        STORED = "stored", "Stored"
        REFUSED = "refused", "Refused"

    message = models.ForeignKey("sms.Message", on_delete=models.CASCADE, related_name="media", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="0 to 9, as in MediaUrl0.")
    account_sid = models.CharField(max_length=34, help_text="Where Twilio has it.")
    parent_sid = models.CharField(max_length=34, blank=True, help_text="The message in the file's URL.")
    media_sid = models.CharField(max_length=34, blank=True, help_text="ME…")
    content_type = models.CharField(max_length=100, blank=True, help_text="Until stored, what the sender claims.")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    refusal = models.CharField(max_length=200, blank=True)
    file = models.FileField(upload_to=_random_name, max_length=200, blank=True)
    size = models.PositiveIntegerField(null=True, blank=True, help_text="Bytes.")
    fetch_at = models.DateTimeField(null=True, blank=True, help_text="When to fetch it. Empty once that is settled.")

    class Meta:
        verbose_name_plural = "message media"
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "position"], name="media_position_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["dead_at"], name="media_dead", condition=Q(dead_at__isnull=False)),  # dead letters
            models.Index(
                fields=["fetch_at"],
                name="media_due",  # the sweeper: what is to be fetched?
                condition=Q(fetch_at__isnull=False, dead_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.media_sid or f"media {self.pk}"
