"""Secrets are rotated under 20 webhooks a second, by the steps of docs/operations.md: the ledger balances."""

import contextlib
import itertools
import json
import os
import signal
import time

import pytest
import requests
from cryptography.fernet import Fernet

from tests.journeys import ledger
from tests.journeys import traffic as t
from tests.journeys.stack import ACCOUNT, TOKEN, Stack, wait_until
from tests.journeys.traffic import Traffic

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NEW_TOKEN = "journey-token-2"
OWN_ACCOUNT, OWN_TOKEN, OWN_NUMBER = "AC" + "f" * 32, "their-own-token", "+15005550110"
TRIES = 400  # a restart takes a while on a busy machine

GIVE_IT_AN_ACCOUNT = f"""
from tenants.models import PhoneNumber, TwilioAccount
number = PhoneNumber.objects.get(number="{OWN_NUMBER}")
number.account = TwilioAccount.objects.create(
    tenant=number.tenant, account_sid="{OWN_ACCOUNT}", auth_token="{OWN_TOKEN}")
number.save()
"""

pytestmark = pytest.mark.fault("F28")


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A product with an old key and token, and a business with a Twilio account of its own."""
    running = Stack(tmp_path_factory.mktemp("rotation"), own_postgres=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIELD_ENCRYPTION_KEYS", OLD_KEY)
        try:
            running.start()
            running.business(t.BUSINESS, t.OWNER)
            running.phone.add_account(OWN_ACCOUNT, OWN_TOKEN)
            running.business(OWN_NUMBER, "+15005550210")
            running.phone.add_number(OWN_NUMBER, account_sid=OWN_ACCOUNT)
            running.manage("shell", "-c", GIVE_IT_AN_ACCOUNT)
            running.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
            ledger.warm_up(running)
            yield running
            assert list((running.home / "journal" / "poison").iterdir()) == []
        finally:
            running.stop()


def restart(product, *names: str, **env: str) -> None:
    """Restart these processes with a changed environment, as an operator does."""
    product.env |= env
    for name in names:
        product.kill(name, signal.SIGTERM)
        product.start_process(name)
    wait_until(product.is_live, seconds=60)


def a_call(account_sid: str = ACCOUNT, to: str = t.BUSINESS) -> dict[str, str]:
    call = {"CallSid": "CA" + os.urandom(16).hex(), "AccountSid": account_sid, "From": "+12125550199", "To": to}
    return {**call, "CallStatus": "ringing", "Direction": "inbound"}


def test_twilios_token(product, say, figure):
    with Traffic(product, tries=TRIES) as traffic:
        time.sleep(3)
        product.phone.add_account(ACCOUNT, TOKEN, secondary_token=NEW_TOKEN)
        assert product.post_signed("/webhooks/twilio/call", a_call(), token=NEW_TOKEN).status_code == 401
        restart(product, "web", "worker", TWILIO_AUTH_TOKEN=NEW_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY=TOKEN)
        product.tokens = itertools.cycle([TOKEN, NEW_TOKEN])
        time.sleep(5)
        product.phone.add_account(ACCOUNT, NEW_TOKEN)  # promoted: a request with the old one is refused from here on
        time.sleep(3)
        product.tokens = itertools.cycle([NEW_TOKEN])
        time.sleep(1)
        restart(product, "web", "worker", TWILIO_AUTH_TOKEN_SECONDARY="")
        time.sleep(3)

    ledger.check(traffic, recorded_within=60, say=say, figure=figure)
    answers = [product.post_signed("/webhooks/twilio/call", a_call(), token=token) for token in (TOKEN, NEW_TOKEN)]
    assert [answer.status_code for answer in answers] == [401, 200]


def test_the_key_of_what_is_stored(product, say, figure):
    journal = product.home / "journal"
    with Traffic(product, tries=TRIES) as traffic:
        restart(product, "web", "worker", FIELD_ENCRYPTION_KEYS=f"{OLD_KEY},{NEW_KEY}")  # so that all can read the new
        product.postgres.stop()
        time.sleep(4)  # what comes now is written under the old key
        waiting = sum(path.stat().st_size for path in journal.rglob("*") if path.is_file())
        restart(product, "web", FIELD_ENCRYPTION_KEYS=f"{NEW_KEY},{OLD_KEY}")
        time.sleep(3)
        product.postgres.start()
        restart(product, "worker")
        time.sleep(3)
    ledger.check(traffic, recorded_within=60, say=say)
    assert waiting > 10_000
    is_texted_by_its_own_account(product, "+12125550101")
    said = product.manage("rotate_encryption")
    assert "tenants.TwilioAccount.auth_token: 1 encrypted anew" in said
    with Traffic(product, tries=TRIES) as after:
        restart(product, "web", "worker", FIELD_ENCRYPTION_KEYS=NEW_KEY)
        time.sleep(5)

    answered = ledger.check(after, recorded_within=60, say=say)
    is_texted_by_its_own_account(product, "+12125550102")
    for name in ("web", "worker"):
        assert "cannot be opened" not in (product.home / f"{name}.log").read_text()
    events = len(traffic.webhooks) + answered["webhooks"]
    figure(events=events, lost=0, doubled=0, journal_bytes_under_the_old_key=waiting)


def is_texted_by_its_own_account(product, customer: str) -> None:
    """Its token, which is stored encrypted, verifies a call and sends a text."""
    call = {**a_call(OWN_ACCOUNT, OWN_NUMBER), "From": customer}
    ended = {**call, "CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialCallSid": "CA" + "d" * 32}
    for path, fields in (("", call), (f"/status/{call['CallSid']}", ended)):
        assert product.post_signed(f"/webhooks/twilio/call{path}", fields, token=OWN_TOKEN).status_code == 200
    wait_until(lambda: product.texts_to(customer), seconds=30)


def test_an_api_key(product, say, figure):
    [(tenant_id,)] = product.rows("SELECT tenant_id FROM tenants_phonenumber WHERE number = %s", t.BUSINESS)
    given = [
        json.loads(product.manage("create_api_key", "--tenant", str(tenant_id), "--scopes", "read", "--json"))
        for _ in range(2)
    ]
    old, new = (key["api_key"] for key in given)
    with Traffic(product, tries=TRIES) as traffic:
        asked = [ask(product, key) for _ in range(20) for key in (old, new)]
        product.rows("UPDATE tenants_apikey SET revoked_at = now() WHERE id = %s RETURNING 1", given[0]["id"])
        revoked = time.monotonic()
        late = []  # when the old one was still accepted
        while time.monotonic() < revoked + 3:
            began = time.monotonic()
            if ask(product, old) != 401:
                late.append(began - revoked)
            asked.append(ask(product, new))

    assert set(asked) == {200}
    assert max(late, default=0) < 1
    for pid in product.children("web"):
        with only(product, pid):
            assert (ask(product, old), ask(product, new)) == (401, 200)
    ledger.check(traffic, recorded_within=60, say=say, figure=figure)
    figure(api_requests=len(asked), accepted_after_its_end_s=round(max(late, default=0), 2))


def ask(product, key: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(
            f"{product.url}/api/calls/", headers={"Authorization": f"Bearer {key}"}, timeout=15
        ).status_code


@contextlib.contextmanager
def only(product, pid: int):
    """Let one web process answer alone."""
    others = [other for other in product.children("web") if other != pid]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)
