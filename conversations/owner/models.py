"""What was made of each text of an owner."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from conversations.models import Conversation
from nevermisscall.lib.clock import now, utcnow
from nevermisscall.outbox.models import Work
from sms.models import Message
from tenants.models import Tenant

ANSWERED_WITHIN = timedelta(hours=1)  # words wait so long for the owner to say whom they are for


class OwnerTextQuerySet(models.QuerySet["OwnerText"]):
    def waiting(self, *, tenant_id: int, phone: str) -> "OwnerTextQuerySet":
        """Those of a phone whose customer we asked for, oldest first; too old ones as well, up to a day."""
        since = utcnow() - timedelta(days=1)
        rows = self.filter(tenant_id=tenant_id, phone=phone, state=OwnerText.State.WAITING, created_at__gt=since)
        return rows.select_related("message", "tenant").order_by("created_at", "pk")


class OwnerText(Work):
    """One text from a phone of the business, and what came of it.

    (new) ──▶ done        passed on to the customer, or the command was obeyed
      │ └───▶ ignored     empty, or the phone wrote it by itself
      ├─────▶ refused     it could not be done; the owner was told why
      ├─────▶ waiting ──▶ done | refused     we asked for which customer it is, and were told
      │          └──────▶ dropped            nobody said, or other words came instead; the owner was told
      └─────▶ fetching ─▶ done | refused     its pictures are on their way to us (`relaying`)
    """

    class State(models.TextChoices):
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        REFUSED = "refused", "Refused"
        WAITING = "waiting", "Waits for the customer's number"
        DROPPED = "dropped", "Dropped"
        FETCHING = "fetching", "Waits for its pictures"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="owner_text")
    phone = models.CharField(max_length=16, help_text="Whose text it is.")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="owner_texts"
    )
    command = models.CharField(max_length=10, blank=True, help_text="Empty: words for the customer.")
    state = models.CharField(max_length=10, choices=State)
    relay_at = models.DateTimeField(null=True, blank=True, help_text="When to look whether its pictures are here.")
    created_at = models.DateTimeField(default=now, help_text="When it reached us.")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was done.")

    objects = OwnerTextQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(relay_at__isnull=True) | Q(state="fetching", conversation__isnull=False),
                name="only_pictures_are_waited_for",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "phone", "-created_at"], name="owner_text_of_phone"),  # who waits?
            models.Index(
                fields=["relay_at"],
                name="owner_text_due",  # the sweeper: whose pictures are here?
                condition=Q(relay_at__isnull=False, dead_at__isnull=True),
            ),
            models.Index(
                fields=["dead_at"], name="owner_text_dead", condition=Q(dead_at__isnull=False)
            ),  # dead letters
        ]

    def __str__(self) -> str:
        return f"text {self.message_id} from an owner"

    @property
    def is_fresh(self) -> bool:
        """Whether it may still be passed on."""
        return utcnow() - self.created_at < ANSWERED_WITHIN
