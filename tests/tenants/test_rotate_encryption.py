"""After `manage.py rotate_encryption` an old key may go."""

import io

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from nevermisscall.lib import crypto
from tenants.models import TwilioAccount
from tests.lib.test_crypto import NEW, OLD, with_keys  # noqa: F401 - the same keys

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F28")]

ACCOUNTS = 5


@pytest.fixture
def stored(with_keys):  # noqa: F811
    """Secrets under the old key, and both keys in use."""
    with_keys(OLD)
    for n in range(ACCOUNTS):
        TwilioAccount.objects.create(account_sid=f"AC{n:032}", auth_token=f"hush-{n}", auth_token_secondary="older")
    with_keys(NEW, OLD)


def rotate() -> str:
    said = io.StringIO()
    call_command("rotate_encryption", stdout=said)
    return said.getvalue()


def tokens() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT auth_token, auth_token_secondary, shared_key_secret FROM tenants_twilioaccount ORDER BY id"
        )
        return cursor.fetchall()


def secrets() -> list[tuple[str, ...]]:
    return list(TwilioAccount.objects.order_by("pk").values_list("auth_token", "auth_token_secondary"))


def test_then_the_newest_key_opens_everything(stored, with_keys, figure):  # noqa: F811
    before = secrets()
    said = rotate()
    with_keys(NEW)

    assert f"tenants.TwilioAccount.auth_token: {ACCOUNTS} encrypted anew" in said
    assert "tenants.TwilioAccount.shared_key_secret: nothing there" in said
    assert secrets() == before == [(f"hush-{n}", "older") for n in range(ACCOUNTS)]
    figure(secrets=2 * ACCOUNTS, lost=0)


def test_a_second_time_nothing_is_written(stored):
    rotate()
    before = tokens()
    said = rotate()

    assert tokens() == before
    assert f"tenants.TwilioAccount.auth_token: {ACCOUNTS} as they should be" in said


def test_what_no_key_opens_is_said_and_left_as_it_is(stored, with_keys):  # noqa: F811
    account = TwilioAccount.objects.first()
    with_keys(Fernet.generate_key().decode())
    before = tokens()
    TwilioAccount.objects.exclude(pk=account.pk).update(auth_token="hush", auth_token_secondary="hush")

    with pytest.raises(CommandError, match="2 secrets cannot be opened"):
        rotate()
    assert before[0] in tokens()


def test_what_is_changed_meanwhile_is_kept(stored, monkeypatch):
    renew = crypto.renew

    def change_then_renew(token):
        TwilioAccount.objects.filter(account_sid=f"AC{0:032}").update(auth_token="changed")
        return renew(token)

    monkeypatch.setattr(crypto, "renew", change_then_renew)
    rotate()

    assert TwilioAccount.objects.get(account_sid=f"AC{0:032}").auth_token == "changed"
