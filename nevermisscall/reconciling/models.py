"""How far each Twilio account is reconciled with what we have, and what each day's calls came to."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from nevermisscall.outbox.models import Work


class Disposition(models.Model):
    """What became of every call to a number of ours that Twilio knows of one day (UTC): exactly one outcome each."""

    account_sid = models.CharField(max_length=34)
    day = models.DateField(help_text="In UTC, as at Twilio.")
    answered = models.PositiveIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    undecided = models.PositiveIntegerField(default=0, help_text="Over at Twilio, and without an outcome here.")
    not_here = models.PositiveIntegerField(default=0, help_text="At Twilio, and not here.")
    going_on = models.PositiveIntegerField(default=0, help_text="Not over when they were counted.")
    not_ours = models.PositiveIntegerField(default=0, help_text="To numbers of the account that we do not know.")
    call_sids = models.JSONField(default=list, blank=True, help_text="Those without an outcome, 200 at most.")
    counted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_sid", "day"], name="disposition_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-day"], name="disposition_by_day"),  # /metrics, the admin's list
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.account_sid}"

    @property
    def without_outcome(self) -> int:
        """How many calls nobody here can account for."""
        return self.undecided + self.not_here


class Reconciliation(Work):
    """One Twilio account: up to when its lists and our rows agree, and the run that is under way.

    A run goes through the lists of `run_since` to `run_until`, stage by stage and page by page; `stage` and `next_url`
    are where it is. With its end `reconciled_until` becomes `run_until`. A gap of any length is one long run.
    """

    account_sid = models.CharField(max_length=34, unique=True)
    due_at = models.DateTimeField(help_text="When the next run, or its next page, is due.")
    reconciled_until = models.DateTimeField(help_text="What came before this is all here.")
    wanted_at = models.DateTimeField(null=True, blank=True, help_text="When an outage ended: a run must go beyond it.")
    stage = models.CharField(max_length=10, blank=True, help_text="Blank: no run is under way.")
    next_url = models.TextField(blank=True, help_text="Twilio's address of the next page.")
    run_since = models.DateTimeField(null=True, blank=True)
    run_until = models.DateTimeField(null=True, blank=True)
    figures = models.JSONField(default=dict, blank=True, help_text="Of the run that is under way, or the last one.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When the last run ended.")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["dead_at"], name="reconciliation_dead", condition=Q(dead_at__isnull=False)
            ),  # the admin's dead letters
            models.Index(
                fields=["due_at"], name="reconciliation_due", condition=Q(dead_at__isnull=True)
            ),  # the sweeper: whose lists are to be read?
        ]

    def __str__(self) -> str:
        return self.account_sid
