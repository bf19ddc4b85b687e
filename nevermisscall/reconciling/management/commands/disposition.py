"""`manage.py disposition`: what a day's calls at Twilio came to here."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nevermisscall.lib.clock import database_now
from nevermisscall.reconciling import disposition, scheduling
from nevermisscall.twilio.errors import TwilioError

NAMES = ("answered", "missed", "refused", "undecided", "not_here", "going_on", "not_ours")


class Command(BaseCommand):
    """`manage.py disposition [--day 2026-11-20] [--account AC…]`"""

    help = (
        "Hold the calls of a day (UTC; yesterday unless given) that Twilio knows against ours. A day that is over is "
        "stored; calls without an outcome are looked for again by the workers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", metavar="YYYY-MM-DD", help="a day in UTC")
        parser.add_argument("--account", metavar="SID", help="only this Twilio account (AC…)")

    def handle(self, *args: Any, **options: Any) -> None:
        today = database_now().date()
        day = self._day(options["day"]) or today - timedelta(days=1)
        if day > today:
            raise CommandError(f"--day: {day} is in the future")
        scheduling.ensure_rows()
        sids = scheduling.account_sids()
        if options["account"] and options["account"] not in sids:
            raise CommandError(f"--account: {options['account']} is not an account of ours")
        for sid in sorted({options["account"]} if options["account"] else sids):
            try:
                row = disposition.count(sid, day)
            except TwilioError as error:
                raise CommandError(f"Twilio's list cannot be read: {error}") from error
            if day < today:
                row = disposition.store(row)
            self.stdout.write(f"{row}: " + ", ".join(f"{getattr(row, n)} {n.replace('_', ' ')}" for n in NAMES))
            for call_sid in row.call_sids:
                self.stdout.write(f"  {call_sid} has no outcome here")

    def _day(self, given: str | None) -> date | None:
        try:
            return date.fromisoformat(given) if given else None
        except ValueError as error:
            raise CommandError(f"--day: {given!r} is not a day such as 2026-11-20") from error
