"""The routing on disk: for a process that starts without a database, and for nobody else's eyes."""

import stat
from datetime import date, time

import pytest
from django.db import connection

from nevermisscall.lib import crypto
from tenants import routing, routing_file
from tenants.models import BusinessHours, Closure, PhoneNumber, TwilioAccount
from tenants.routing import RoutingTable
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE, make_business
from tests.fixtures.webhooks import ACCOUNT

OWN_ACCOUNT = "AC" + "7" * 32


@pytest.fixture
def routes(acme):
    """Acme, with hours, a closure and a number of its own Twilio account."""
    BusinessHours.objects.create(tenant=acme, weekday=0, opens_at=time(8, 30), closes_at=time(17))
    Closure.objects.create(tenant=acme, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 26))
    own = TwilioAccount.objects.create(account_sid=OWN_ACCOUNT, auth_token="own-token", shared_key_id="K1")
    PhoneNumber.objects.create(tenant=acme, number="+15005550101", is_primary=False, account=own)
    routing.table.route(ACME_NUMBER)
    return list(routing.table._routes.values())


def test_routes_come_back_as_they_were(routes):
    routing_file.write(routes)

    assert routing_file.read() == routes


def test_only_we_may_read_it_and_it_says_nothing(routes):
    routing_file.write(routes)
    written = routing_file.path().read_bytes()

    assert stat.S_IMODE(routing_file.path().stat().st_mode) == 0o600
    assert b"own-token" not in written
    assert OWNER_PHONE.encode() not in written


def test_tokens_of_the_environment_stay_there(routes, settings):
    routing_file.write(routes)
    assert "primary-token" not in crypto.decrypt(routing_file.path().read_text())
    settings.TWILIO_AUTH_TOKEN = "rotated"

    [account] = {route.account for route in routing_file.read() if route.account.account_sid == ACCOUNT}
    assert account.tokens == ("rotated", "secondary-token")


def test_it_is_written_again_only_when_something_changed(routes):
    routing_file.write(routes)
    before = routing_file.path().stat().st_ino
    routing_file.write(routes)
    assert routing_file.path().stat().st_ino == before
    routing_file.write(routes[:1])

    assert routing_file.read() == routes[:1]
    assert [path.name for path in routing_file.path().parent.iterdir()] == ["routing"]


BROKEN = {
    "empty": b"",
    "rubbish": b"\xff\x00",
    "another key's": b"gAAAAABm",
    "another version's": crypto.encrypt('[{"number": "+1"}]').encode(),
    "no list": crypto.encrypt("7").encode(),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_as_good_as_none(routes, logged, what):
    routing_file.write(routes)
    routing_file.path().write_bytes(BROKEN[what])

    assert routing_file.read() is None
    assert "the file in JOURNAL_DIR cannot be read" in logged()


def test_without_a_file_there_is_none(logged):
    assert routing_file.read() is None
    assert "JOURNAL_DIR has no file of it" in logged()


# -- in use -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def unplugged(transactional_db, monkeypatch):
    """A web process that heard the routing and wrote it down; then nothing listens where the database was."""
    make_business()
    first = RoutingTable()
    first.listen()
    while not routing_file.path().exists():
        pass
    first.stop()
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "9")
    yield
    monkeypatch.undo()
    connection.close()


def test_a_process_that_never_saw_the_database_forwards_calls(unplugged, twilio, journaled):
    answer = twilio.incoming_call()

    assert f"{OWNER_PHONE}</Number>" in answer.text
    assert [record.kind for record in journaled()] == ["call"]


def test_and_knows_what_is_heard_after_a_miss(unplugged, twilio):
    assert "We will text you" in twilio.dial_action(DialCallStatus="busy").text
