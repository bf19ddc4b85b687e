"""What the webhook tests share: all rows there are, a business with its own Twilio account."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from nevermisscall.twilio import signature
from tenants.models import PhoneNumber, TwilioAccount
from tests.fixtures.people import RIVAL_NUMBER

OURS = {"outbox", "twilio", "tenants", "webhooks", "calls", "alerts", "sms", "conversations"}
RIVAL_ACCOUNT = "AC" + "9" * 32
RIVAL_TOKEN = "rivals-own-token"


@pytest.fixture
def count_rows(db):
    """Count the rows of every table of ours, as {table: rows}."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in OURS]
    statement = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)

    def count() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return dict(cursor.fetchall())

    return count


@pytest.fixture
def rival_account(rival):
    """Rival brought its own Twilio account: its token is Rival's to know and to sign with."""
    account = TwilioAccount.objects.create(tenant=rival, account_sid=RIVAL_ACCOUNT, auth_token=RIVAL_TOKEN)
    number = PhoneNumber.objects.get(number=RIVAL_NUMBER)
    number.account = account
    number.save()
    return account


def sign(url: str, pairs: list[tuple[str, str]]) -> str:
    """Sign the fields of a request to `url` as Twilio does."""
    return signature.compute(url, pairs, settings.TWILIO_AUTH_TOKEN)
