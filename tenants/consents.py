"""The ledger of what each person agreed to and took back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from nevermisscall.lib.clock import now
from tenants.people import Contact


class ConsentQuerySet(models.QuerySet["Consent"]):
    def newest(self, *, contact_id: int, channel: str, purpose_class: str) -> Consent | None:
        """Return what holds now for a person, a channel and a class of purposes; None if they never said."""
        rows = self.filter(contact_id=contact_id, channel=channel, purpose_class=purpose_class)
        return rows.order_by("-pk").first()


class Consent(models.Model):
    """One line of the ledger: at this time, in this way, a person granted or revoked. The newest line holds.

    Append-only: the database refuses updates, and rows go only with their contact. Written by `tenants.consenting`.
    """

    class Channel(models.TextChoices):
        SMS = "sms", "Texts"
        VOICE = "voice", "Calls"

    class PurposeClass(models.TextChoices):
        INFORMATIONAL = "informational", "What they asked about"  # implied by calling or texting us
        MARKETING = "marketing", "Advertising"  # counts only if `is_written`

    class Source(models.TextChoices):
        CALL = "call", "They called"
        TEXT = "text", "They texted"
        KEYWORD = "keyword", "STOP, START or the like"
        OWN_WORDS = "own_words", "Said so in a text"
        CARRIER = "carrier", "Twilio refused: they opted out there"
        API = "api", "API"
        ADMIN = "admin", "Operator"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="consents", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents", db_index=False)
    channel = models.CharField(max_length=5, choices=Channel)
    purpose_class = models.CharField(max_length=15, choices=PurposeClass)
    is_granted = models.BooleanField(help_text="Off: revoked.")
    is_written = models.BooleanField(default=False, help_text="Signed or ticked by the person; advertising needs it.")
    source = models.CharField(max_length=10, choices=Source)
    evidence = models.CharField(max_length=200, blank=True, help_text="Where to look: a SID, a form, a person's name.")
    recorded_at = models.DateTimeField(default=now)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            # The gate: what holds now? Also the cascade from a contact.
            models.Index(fields=["contact", "channel", "purpose_class", "-id"], name="consent_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {'granted' if self.is_granted else 'revoked'} {self.channel} {self.purpose_class}"
