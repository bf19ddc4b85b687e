"""`manage.py reconcile`: read Twilio's lists now, in the foreground, with or without a worker."""

import re
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nevermisscall.lib.clock import database_now
from nevermisscall.reconciling import running, scheduling
from nevermisscall.reconciling.models import Reconciliation
from nevermisscall.reconciling.running import Run
from nevermisscall.twilio.errors import TwilioError

_SPAN = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    """`manage.py reconcile [--since 2h] [--until …] [--account AC…] [--dry-run]`"""

    help = (
        "Find the calls and texts in Twilio's lists that no webhook brought, and enter them. Safe to repeat, and "
        "beside running processes. After a restore, run it before the workers start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            metavar="WHEN",
            help="an ISO 8601 time (UTC unless it says otherwise), or how long ago: 90m, 2h, 3d",
        )
        parser.add_argument("--until", metavar="WHEN", help="the same; the end of what is looked at. A minute ago")
        parser.add_argument("--account", metavar="SID", help="only this Twilio account (AC…)")
        parser.add_argument("--dry-run", action="store_true", help="only say what is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = database_now()
        until = _moment("--until", options["until"], now) or now - scheduling.SETTLED_AFTER
        since = _moment("--since", options["since"], now)
        for row in self._rows(options["account"]):
            begin = since or row.reconciled_until - scheduling.OVERLAP
            if begin >= until:
                raise CommandError(
                    f"{'--since' if since else 'the end of the last run'}: {begin:%Y-%m-%d %H:%M:%S} UTC is not before "
                    f"the end, {until:%Y-%m-%d %H:%M:%S}; --since says how far back to look"
                )
            run = Run(row.account_sid, begin, until)
            self._say(f"{row.account_sid} from {begin:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC")
            self._do(run, dry_run=options["dry_run"])
            if not options["dry_run"]:
                scheduling.note_done(run)

    def _rows(self, account_sid: str | None) -> list[Reconciliation]:
        scheduling.ensure_rows()
        rows = Reconciliation.objects.filter(account_sid__in=scheduling.account_sids()).order_by("account_sid")
        if account_sid is not None:
            rows = rows.filter(account_sid=account_sid)
        if not rows:
            raise CommandError(
                f"--account: {account_sid} is not an account of ours"
                if account_sid
                else "there is no Twilio account: set TWILIO_ACCOUNT_SID, or add one in the admin"
            )
        return list(rows)

    def _do(self, run: Run, *, dry_run: bool) -> None:
        more = True
        while more:
            stage, before = run.stage, run.figures.copy()
            try:
                more = running.step(run, found=self._show if dry_run else None)
            except TwilioError as error:
                raise CommandError(
                    f"Twilio's list cannot be read: {error}. What was done stays done: run the same again."
                ) from error
            self._say(f"  {stage}: {_sentence(run.figures - before)}")
        self._say(f"  {'nothing was changed' if dry_run else 'done'}: {_sentence(run.figures)}")

    def _show(self, stage: str, record: Any) -> None:
        self._say(
            f"  {stage}: {running.sid_of(record)} {record.created_at:%Y-%m-%d %H:%M:%S} {record.status} is missing"
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _sentence(figures: Any) -> str:
    parts = [f"{figures[name]} {name.replace('_', ' ')}" for name in running.FIGURES if figures[name]]
    return ", ".join(parts) or "nothing there"


def _moment(option: str, given: str | None, now: datetime) -> datetime | None:
    if given is None:
        return None
    span = _SPAN.fullmatch(given.strip())
    try:
        if span:
            return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
        moment = datetime.fromisoformat(given.strip())
    except (ValueError, OverflowError) as error:
        raise CommandError(
            f"{option}: {given!r} is neither a time such as 2026-11-20T14:30 nor a span such as 90m, 2h or 3d"
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise CommandError(f"{option}: {given} is in the future")
    return moment
