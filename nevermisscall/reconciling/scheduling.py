"""When an account is reconciled: every hour, and soon after anything was away. One page for each claim of its row."""

import logging
from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Least

from calls.reconciling import CALLBACKS_COME_WITHIN
from nevermisscall.lib.clock import DatabaseClock, database_now
from nevermisscall.lib.logs import bind
from nevermisscall.outbox.places import Places
from nevermisscall.outbox.queues import Lane, Queue
from nevermisscall.reconciling import running
from nevermisscall.reconciling.models import Reconciliation
from nevermisscall.reconciling.running import Run
from nevermisscall.twilio.errors import CredentialsError, PermanentTwilioError, TwilioError
from nevermisscall.webhooks.journal import files
from tenants.models import TwilioAccount

EVERY = timedelta(hours=1)
# What is younger than this may not be listed yet, or its webhook is on its way.
SETTLED_AFTER = timedelta(seconds=60)
# Looked at again, for what Twilio listed late.
OVERLAP = timedelta(minutes=15)
BETWEEN_PAGES = timedelta(seconds=1)  # texts leave through the same API
JOURNAL_FIRST = timedelta(seconds=5)
TWILIO_AGAIN = timedelta(minutes=1)
CREDENTIALS_AGAIN = timedelta(minutes=10)

logger = logging.getLogger(__name__)


def account_sids() -> set[str]:
    """Return the accounts whose numbers may be ours."""
    own = set(TwilioAccount.objects.values_list("account_sid", flat=True))
    return own | ({settings.TWILIO_ACCOUNT_SID} if settings.TWILIO_ACCOUNT_SID else set())


def ensure_rows() -> None:
    """Give each account its row. A new one begins now: there is nothing of ours in the time before."""
    Reconciliation.objects.bulk_create(
        [
            Reconciliation(account_sid=sid, due_at=DatabaseClock() + SETTLED_AFTER, reconciled_until=DatabaseClock())
            for sid in sorted(account_sids())
        ],
        ignore_conflicts=True,
    )


def after_outage() -> None:
    """Something was away, and webhooks may not have reached us: look soon. Safe to call from everybody who noticed.

    Not at once: a run leaves out the last minute.
    """
    ensure_rows()
    soon = DatabaseClock() + SETTLED_AFTER
    # Without its fence, whoever does a page right now cannot call all of it done.
    Reconciliation.objects.update(
        due_at=Least(F("due_at"), soon), wanted_at=DatabaseClock(), fence=None, lease_until=None, dead_at=None
    )
    logger.info("Twilio's lists will be read for what did not reach us")


def look_again(account_sid: str, *, since: datetime) -> None:
    """Something is missing: begin anew where it should be, now."""
    Reconciliation.objects.filter(account_sid=account_sid).update(
        reconciled_until=Least(F("reconciled_until"), since),
        stage="",
        next_url="",
        due_at=DatabaseClock(),
        fence=None,
        lease_until=None,
        dead_at=None,
    )


def reconcile(row: Reconciliation) -> timedelta | None:
    """Do the next page of a claimed row. Returns when the one after it, or the next run, is due."""
    bind(account_sid=row.account_sid)
    if files.waiting():
        return JOURNAL_FIRST  # what is there needs not be looked for, and says more
    run = _run_of(row)
    try:
        is_under_way = running.step(run)
    except TwilioError as error:
        logger.warning("Twilio's lists cannot be read; they are tried again", extra={"reason": str(error)})
        if isinstance(error, PermanentTwilioError):
            run.next_url = ""  # the address of the page may be too old: the stage begins again
        _save(row, run, last_error=str(error)[:500])
        return CREDENTIALS_AGAIN if isinstance(error, CredentialsError) else TWILIO_AGAIN
    if is_under_way:
        _save(row, run, last_error="")
        return BETWEEN_PAGES
    _finish(row, run)
    # A call that ended in the outage is left to its callbacks at first: one look more for it, when they are too late.
    outage_is_recent = row.wanted_at is not None and row.wanted_at + CALLBACKS_COME_WITHIN >= run.until
    return SETTLED_AFTER if outage_is_recent else EVERY


def note_done(run: Run) -> None:
    """A run beside the queue is done: the watermark moves if it began before it."""
    Reconciliation.objects.filter(
        account_sid=run.account_sid, reconciled_until__gte=run.since, reconciled_until__lt=run.until
    ).update(reconciled_until=run.until, figures=dict(run.figures), finished_at=DatabaseClock())


def _run_of(row: Reconciliation) -> Run:
    """Return the run that is under way, or a new one."""
    if row.stage and row.run_since is not None and row.run_until is not None:
        figures = Counter[str](row.figures)
        return Run(row.account_sid, row.run_since, row.run_until, row.stage, row.next_url, figures)
    return Run(row.account_sid, row.reconciled_until - OVERLAP, database_now() - SETTLED_AFTER)


def _save(row: Reconciliation, run: Run, *, last_error: str) -> None:
    _mine(row).update(
        stage=run.stage,
        next_url=run.next_url,
        run_since=run.since,
        run_until=run.until,
        figures=dict(run.figures),
        last_error=last_error,
    )


def _finish(row: Reconciliation, run: Run) -> None:
    _mine(row).update(
        stage="",
        next_url="",
        run_since=run.since,
        run_until=run.until,
        reconciled_until=run.until,
        figures=dict(run.figures),
        finished_at=DatabaseClock(),
        last_error="",
    )
    logger.info("reconciled with Twilio's lists", extra={"figures": dict(run.figures)})


def _mine(row: Reconciliation) -> QuerySet[Reconciliation]:
    return Reconciliation.objects.filter(pk=row.pk, fence=row.fence)


QUEUE = Queue(
    name="reconciling", model=Reconciliation, due="due_at", lane=Lane.BULK, handle=reconcile, places=Places(1)
)
