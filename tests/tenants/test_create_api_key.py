"""`manage.py create_api_key`."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.models import ApiKey


def create(*arguments: str) -> str:
    out = StringIO()
    call_command("create_api_key", *arguments, stdout=out)
    return out.getvalue()


def test_a_key_of_a_business_works(acme):
    made = json.loads(create("--tenant", str(acme.pk), "--scopes", "read, write", "--json"))

    row = ApiKey.objects.get()
    assert made == {"id": row.pk, "tenant_id": acme.pk, "scopes": ["read", "write"], "api_key": made["api_key"]}
    answer = Client().get("/api/calls/", headers={"Authorization": f"Bearer {made['api_key']}"})
    assert answer.status_code == 200


def test_a_key_of_the_platform_is_of_no_business(db):
    assert json.loads(create("--platform", "--scopes", "read", "--json"))["tenant_id"] is None


def test_people_read_it_line_by_line(acme):
    assert create("--platform", "--scopes", "read").splitlines()[-1].startswith("api_key    nmc_")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tenant", "0", "--scopes", "read"], "no such business"),
        (["--platform", "--scopes", "everything"], "unknown scope"),
        (["--platform", "--scopes", ""], "unknown scope"),
        (["--scopes", "read"], "required"),
        (["--platform", "--tenant", "1", "--scopes", "read"], "not allowed with"),
    ],
)
def test_what_is_wrong_is_said(db, arguments, said):
    with pytest.raises(CommandError, match=said):
        create(*arguments)
    assert not ApiKey.objects.exists()
