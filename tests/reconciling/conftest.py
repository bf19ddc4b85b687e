"""Twilio's lists, with what happened there while we were away: records are put into the emulator's world."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.models import LateNews
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from nevermisscall.reconciling import scheduling
from nevermisscall.reconciling.models import Reconciliation
from nevermisscall.twilio.emulator.control import EmulatorControl
from nevermisscall.twilio.emulator.emulator import Emulator
from nevermisscall.twilio.emulator.server import EmulatorServer
from nevermisscall.twilio.emulator.world import Account, Call, Media, Message
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT


class Twilio:
    """What Twilio knows: calls and texts with their true times, of which no webhook told us."""

    def __init__(self, emulator: Emulator, control: EmulatorControl) -> None:
        self.emulator = emulator
        self.control = control
        self.requests: list[str] = []

    @property
    def world(self):
        return self.emulator.exchange.world

    def call(self, *, ago: timedelta, status: str = "completed", lasted: int = 25, **fields: Any) -> Call:
        """A call that began `ago`, and rang or spoke for `lasted` seconds."""
        began = datetime.now(UTC).replace(microsecond=0) - ago
        ended = None if status in {"ringing", "in-progress"} else began + timedelta(seconds=lasted)
        given = {
            "account_sid": ACCOUNT,
            "from_": CUSTOMER,
            "to": ACME_NUMBER,
            "direction": "inbound",
            "status": status,
            "created_at": began,
            "ended_at": ended,
            "duration_seconds": lasted if status == "completed" else 0,
        }
        call = Call(**{**given, **fields})
        with self.world.lock:
            self.world.calls[call.sid] = call
        return call

    def leg(self, parent: Call, status: str = "no-answer", seconds: int = 0) -> Call:
        """The owner's phone, which the call was forwarded to."""
        ago = datetime.now(UTC) - parent.created_at
        fields = {"from_": parent.from_, "to": OWNER_PHONE, "direction": "outbound-dial", "parent_sid": parent.sid}
        return self.call(ago=ago, status=status, lasted=seconds, **fields)

    def text(self, body: str = "My sink is leaking", *, ago: timedelta, **fields: Any) -> Message:
        """A customer's text."""
        sent = datetime.now(UTC).replace(microsecond=0) - ago
        given = {
            "account_sid": ACCOUNT,
            "from_": CUSTOMER,
            "to": ACME_NUMBER,
            "body": body,
            "direction": "inbound",
            "status": "received",
            "sid": "SM" + f"{len(self.world.messages):032x}",
            "created_at": sent,
            "sent_at": sent,
        }
        message = Message(**{**given, **fields})
        with self.world.lock:
            self.world.messages[message.sid] = message
        return message

    def outgoing(self, body: str, *, ago: timedelta, to: str = CUSTOMER, **fields: Any) -> Message:
        """A text that left our number."""
        given = {"from_": ACME_NUMBER, "to": to, "direction": "outbound-api", "status": "delivered"}
        return self.text(body, ago=ago, **{**given, **fields})

    def picture(self) -> Media:
        return Media("image/png", content=b"\x89PNG")


@pytest.fixture(scope="session")
def _lists():
    emulator = Emulator(Account(ACCOUNT, "primary-token"), speed=20)
    server = EmulatorServer(emulator)
    server.start()
    yield Twilio(emulator, EmulatorControl(server.url))
    server.stop()


@pytest.fixture
def acme(acme):
    """Their number has been ours for a month."""
    PhoneNumber.objects.update(created_at=DatabaseClock() - timedelta(days=30))
    return acme


@pytest.fixture
def lists(_lists, settings):
    _lists.control.reset(keep_numbers=False)
    _lists.control.add_number(ACME_NUMBER)
    settings.TWILIO_API_BASE_URL = _lists.control.base_url
    return _lists


@pytest.fixture
def since(db) -> Callable[..., Reconciliation]:
    """Say until when all is reconciled; what came later is to be found."""

    def set_watermark(ago: timedelta) -> Reconciliation:
        scheduling.ensure_rows()
        Reconciliation.objects.update(reconciled_until=DatabaseClock() - ago)
        return Reconciliation.objects.get()

    return set_watermark


@pytest.fixture
def one_page() -> Callable[[], Reconciliation]:
    """Do one page of the run, as a worker does; return the row afterwards."""

    def run() -> Reconciliation:
        Reconciliation.objects.update(due_at=DatabaseClock() - timedelta(seconds=1), lease_until=None)
        (row,) = work.claim(scheduling.QUEUE, limit=1)
        work.run_claimed(scheduling.QUEUE, row)
        return Reconciliation.objects.get()

    return run


@pytest.fixture
def reconcile(one_page) -> Callable[[], dict[str, int]]:
    """Do a whole run, as a worker does; return its figures."""

    def run() -> dict[str, int]:
        row = one_page()
        while row.stage:
            row = one_page()
        return row.figures

    return run


def sent_by_us(lists) -> list[str]:
    """What Twilio was asked to send."""
    return [entry["body"] for entry in lists.control.ledger() if entry["kind"] == "message"]


@pytest.fixture
def tell_owner(do_due_work, daytime):
    """Do what is due, and what the owner is told late."""

    def run() -> None:
        do_due_work()
        LateNews.objects.filter(told_at=None).update(tell_at=DatabaseClock())
        do_due_work()

    return run


@pytest.fixture
def daytime(monkeypatch):
    """It is never too late in the day to tell the owner."""
    monkeypatch.setattr("conversations.late_news.FROM_HOUR", 0)
    monkeypatch.setattr("conversations.late_news.TO_HOUR", 24)
