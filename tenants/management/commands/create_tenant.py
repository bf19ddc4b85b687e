"""`manage.py create_tenant`: a business, ready to take calls."""

import json
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import BooleanField, Field, JSONField

from nevermisscall.lib import phones
from tenants.models import ApiKey, Membership, OwnerNumber, PhoneNumber, Tenant


class Command(BaseCommand):
    help = "Create a business with one number. Run again with the same number, it changes what is given."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="as customers know it")
        parser.add_argument("--number", required=True, help="the number customers call, such as +15550001000")
        parser.add_argument("--forward-to", required=True, help="the owner's phone; several with commas between")
        parser.add_argument("--timezone", help="IANA name, such as America/New_York")
        parser.add_argument("--trade", help="plumbing, electrical, …")
        parser.add_argument(
            "--set", action="append", default=[], metavar="FIELD=VALUE", help="any other field of the business"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        fields = {"name": options["name"], **_assignments(options["set"])}
        fields |= {name: options[name] for name in ("timezone", "trade") if options[name]}
        try:
            number = phones.normalise(options["number"])
            owners = [phones.normalise(part) for part in options["forward_to"].split(",")]
            if number in owners:
                raise ValueError(f"--forward-to {number}: that is the business's number; it cannot ring itself")
            with transaction.atomic():
                result = _create(number, owners, fields)
        except ValidationError as error:
            raise CommandError(
                "; ".join(f"{field}: {' '.join(said)}" for field, said in error.message_dict.items())
            ) from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            for name, value in result.items():
                self.stdout.write(f"{name:10} {value}")


def _assignments(pairs: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    settable = {field.name: field for field in Tenant._meta.concrete_fields if field.editable and field.name != "id"}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        field = settable.get(name)
        if field is None:
            raise CommandError(f"--set {name}: there is no such field; there are {', '.join(sorted(settable))}")
        if not equals:
            raise CommandError(f"--set {name}: write it as {name}=VALUE")
        try:
            fields[name] = _value(field, value)
        except (ValueError, ValidationError) as error:
            raise CommandError(f"--set {name}: {value!r} is not a value of this field") from error
    return fields


def _value(field: "Field[Any, Any]", text: str) -> Any:
    if isinstance(field, JSONField):
        value = json.loads(text, parse_constant=int)  # refuses NaN, as PostgreSQL does
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value
    if isinstance(field, BooleanField):
        return field.to_python(text.capitalize())
    return field.to_python(None if field.null and not text else text)


def _create(number: str, owners: list[str], fields: dict[str, Any]) -> dict[str, Any]:
    phone = PhoneNumber.objects.exclude(state=PhoneNumber.State.RELEASED).filter(number=number).first()
    tenant = phone.tenant if phone else Tenant()
    for name, value in fields.items():
        setattr(tenant, name, value)
    tenant.full_clean()
    tenant.save()
    if phone is None:
        phone = PhoneNumber.objects.create(tenant=tenant, number=number)
    for position, owner in enumerate(owners):
        OwnerNumber.objects.update_or_create(
            tenant=tenant, number=owner, defaults={"position": position, "is_active": True}
        )
    OwnerNumber.objects.filter(tenant=tenant).exclude(number__in=owners).update(is_active=False)
    user, _ = get_user_model().objects.get_or_create(username=f"owner-{tenant.pk}")
    Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": Membership.Role.OWNER})
    # A key can be shown only when it is made, so each run makes one; earlier ones stay valid until they are revoked.
    _, key = ApiKey.issue(tenant_id=tenant.pk, name="create_tenant", scopes=list(ApiKey.SCOPES))
    return {"tenant_id": tenant.pk, "number_id": phone.pk, "user_id": user.pk, "api_key": key}
