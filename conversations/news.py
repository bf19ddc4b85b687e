"""News that came late, for one text to the owner instead of one for each."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from calls.models import Call
from nevermisscall.lib.clock import now
from nevermisscall.outbox.models import Work
from sms.models import Message
from tenants.models import Tenant


class LateNews(Work):
    """What one business is to be told at `tell_at`. It has one that is open; what comes meanwhile joins it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="late_news", db_index=False)
    tell_at = models.DateTimeField(null=True, blank=True, help_text="Empty once it was told.")
    told_at = models.DateTimeField(null=True, blank=True)
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="The text to the owner."
    )
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name_plural = "late news"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant"], condition=Q(told_at__isnull=True), name="one_open_late_news"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["tell_at"],
                name="late_news_due",  # the sweeper: whom to tell now?
                condition=Q(tell_at__isnull=False, dead_at__isnull=True),
            ),
            models.Index(
                fields=["dead_at"], name="late_news_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(fields=["tenant", "-created_at"], name="late_news_by_tenant"),  # the cascade, the admin
        ]

    def __str__(self) -> str:
        return f"late news {self.pk}"


class LateItem(models.Model):
    """A missed call or a text that was found in Twilio's list when it was too late to answer it."""

    news = models.ForeignKey(LateNews, on_delete=models.CASCADE, related_name="items")
    call = models.OneToOneField(Call, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    customer = models.CharField(max_length=255, blank=True, help_text="As Twilio says.")
    happened_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["happened_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(call__isnull=True, message__isnull=False) | Q(call__isnull=False, message__isnull=True),
                name="late_item_is_about_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.call or self.message)
