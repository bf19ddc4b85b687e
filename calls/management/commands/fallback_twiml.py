"""`manage.py fallback_twiml`: what Twilio plays to callers while our whole server is away."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls import fallback
from nevermisscall.lib import phones
from tenants import routing
from tenants.models import PhoneNumber

HELP = """\
Write the TwiML that each number falls back to at Twilio when our server does not answer: it rings the owner's phones
for as long as we would, and then says a polite sentence in the business's language. It cannot ask for a pressed 1,
knows no opening hours, records nothing and texts nobody.

One file for each number, and index.tsv: number, file, phones it rings, business. Put them on a host that does not fail
when ours does (an object store, a TwiML Bin), and set VoiceFallbackUrl of each number to its file, with the method GET.
Write them again when an owner's phone changes: docs/operations.md, “The whole server is away”.
"""
EPILOG = """\
examples:
  manage.py fallback_twiml --out /srv/fallback          all numbers
  manage.py fallback_twiml --number +15005550100        one, to be pasted into a TwiML Bin
"""


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--number", metavar="+1…", help="only this one of our numbers")
        parser.add_argument("--out", metavar="DIR", help="where to write the files; without it they are printed")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = PhoneNumber.objects.exclude(state=PhoneNumber.State.RELEASED).order_by("number")
        if wanted := options["number"]:
            with suppress(ValueError):
                wanted = phones.normalise(wanted)
            numbers = numbers.filter(number=wanted)
        routes = [route for row in numbers if (route := routing.table.route(row.number)) is not None]
        if not routes:
            raise CommandError(
                f"--number: {wanted} is not one of our numbers; the admin lists them, such as +15005550100"
                if wanted
                else "There are no numbers yet: create a business with manage.py create_tenant, or in the admin."
            )
        documents = {f"{route.number.lstrip('+')}.xml": (route, fallback.document(route)) for route in routes}
        if not options["out"]:
            for _, text in documents.values():
                self.stdout.write(text)
            return
        out = Path(options["out"])
        index = "".join(
            f"{route.number}\t{name}\t{','.join(route.owners if route.is_active else ())}\t{route.tenant_name}\n"
            for name, (route, _) in documents.items()
        )
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name, (_, text) in documents.items():
                (out / name).write_text(text)
            (out / "index.tsv").write_text(index)
        except OSError as error:
            raise CommandError(
                f"--out: {out} cannot be written ({error.strerror or error}). Name a directory, there or new, that the "
                "user of this command may write to."
            ) from error
        self.stdout.write(f"{len(documents)} files and index.tsv in {out}")
