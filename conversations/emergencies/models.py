"""How an emergency was escalated, step by step."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from calls.alerts.models import AlertCall
from conversations.models import Conversation
from nevermisscall.lib.clock import now
from nevermisscall.outbox.models import Work
from sms.models import Message


class Escalation(Work):
    """One emergency on its way to a person.

        open ──▶ acknowledged    somebody pressed 1, texted OK, took the conversation over or ended it
          └────▶ given up        the whole ladder was climbed and nobody did

    `services` moves it. `escalate_at` is when the next rung is due; an unanswered call brings it forward.
    """

    class How(models.TextChoices):
        CALL = "call", "Pressed 1 on the call"
        TEXT = "text", "Answered the text"
        TAKEOVER = "takeover", "Took the conversation over"
        DONE = "done", "Ended the conversation"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="escalations")
    kind = models.CharField(max_length=30, help_text="Such as gas or flood.")
    detected_by = models.CharField(max_length=20, help_text="rules, or the dispatcher that raised it.")
    rung = models.PositiveSmallIntegerField(default=0, help_text="How many rungs of the ladder were climbed.")
    escalate_at = models.DateTimeField(null=True, blank=True, help_text="When the next rung is due.")
    opened_at = models.DateTimeField(default=now)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_how = models.CharField(max_length=10, choices=How, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    acknowledged_from = models.CharField(max_length=16, blank=True, help_text="The phone, if it was by phone.")
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(acknowledged_at__isnull=True, given_up_at__isnull=True),
                name="one_open_escalation",
            ),
            models.CheckConstraint(
                condition=Q(escalate_at__isnull=True) | Q(acknowledged_at__isnull=True, given_up_at__isnull=True),
                name="ended_escalation_climbs_no_more",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["escalate_at"],
                name="escalation_due",  # the sweeper: which next rung is due?
                condition=Q(escalate_at__isnull=False, dead_at__isnull=True),
            ),
            models.Index(
                fields=["dead_at"], name="escalation_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.conversation}"


class Step(models.Model):
    """One person who was told of an emergency: by a text, and by a call where it could be placed. Append-only."""

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="steps")
    rung = models.PositiveSmallIntegerField()
    to_number = models.CharField(max_length=16)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    alert_call = models.ForeignKey(AlertCall, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escalation", "rung"], name="escalation_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.escalation}: {self.rung}"
