"""`manage.py create_api_key`: a key for a program, shown once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.models import ApiKey, Tenant


class Command(BaseCommand):
    help = "Make an API key. Only its hash is kept, so this is the one time that it can be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--tenant", type=int, metavar="ID", help="the business that the key is of")
        whose.add_argument("--platform", action="store_true", help="a key for all businesses")
        parser.add_argument("--scopes", required=True, help=f"{', '.join(ApiKey.SCOPES)}; several with commas between")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant_id = options["tenant"]
        if tenant_id is not None and not Tenant.objects.filter(pk=tenant_id).exists():
            raise CommandError(f"--tenant {tenant_id}: there is no such business")
        scopes = [scope.strip() for scope in options["scopes"].split(",")]
        try:
            row, key = ApiKey.issue(tenant_id=tenant_id, name="create_api_key", scopes=scopes)
        except ValueError as error:
            raise CommandError(f"--scopes: {error}") from error
        result = {"id": row.pk, "tenant_id": tenant_id, "scopes": row.scopes, "api_key": key}
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            for name, value in {**result, "scopes": ", ".join(row.scopes)}.items():
                self.stdout.write(f"{name:10} {value}")
