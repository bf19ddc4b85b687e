"""An alert call to Acme's owner, and the phone that rings for it, as Twilio tells us about it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.alerts import sending, services
from calls.alerts.models import AlertCall, Status
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from nevermisscall.outbox.models import Fact
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone, new_sid

WORDS = "Acme Plumbing: missed call from 4 1 5 5 5 5 0 1 2 3."


class AlertedPhone:
    """The owner's phone: posts the webhooks of the call that an alert call became."""

    def __init__(self, twilio: TwilioPhone, alert: AlertCall, call_sid: str = "") -> None:
        self.twilio = twilio
        self.alert = alert
        self.call_sid = call_sid or new_sid("CA")
        self.events = 0

    def picks_up(self, **fields: str):
        return self.post("", **fields)

    def presses(self, digits: str, *, again: bool = False, **fields: str):
        return self.post("/press/again" if again else "/press", Digits=digits, **fields)

    def connection(self, dial_call_status: str, bridged: bool, **fields: str):
        result = {"DialCallStatus": dial_call_status, "DialBridged": str(bridged).lower(), "DialCallSid": new_sid("CA")}
        return self.post("/connection", **result | fields)

    def status(self, call_status: str, **fields: str):
        self.events += 1
        return self.post("/progress", **{"CallStatus": call_status, "SequenceNumber": str(self.events)} | fields)

    def post(self, path: str, *, token: str | None = None, **fields: str):
        own = {
            "CallSid": self.call_sid,
            "AccountSid": ACCOUNT,
            "From": ACME_NUMBER,
            "To": OWNER_PHONE,
            "CallStatus": "in-progress",
            "Direction": "outbound-api",
            "ApiVersion": "2010-04-01",
        }
        return self.twilio.post(f"/webhooks/twilio/alert/{self.alert.token}{path}", own | fields, token=token)


@pytest.fixture
def place(acme):
    """Queue an alert call to Acme's owner about the customer."""

    def queue(**fields) -> AlertCall:
        given = {
            "number": PhoneNumber.objects.get(number=ACME_NUMBER),
            "to_number": OWNER_PHONE,
            "words": WORDS,
            "connect_to": CUSTOMER,
            "language": "en",
            "idempotency_key": "alert:1",
        }
        return services.place(**given | fields)

    return queue


@pytest.fixture
def phone(place, twilio):
    """The owner's phone, which rings for an alert call."""
    alert = place()
    AlertCall.objects.update(status=Status.CALLING, call_at=None)
    return AlertedPhone(twilio, alert)


def run(alert: AlertCall) -> AlertCall:
    """Let the sender look at the call now, whenever it is due."""
    AlertCall.objects.filter(pk=alert.pk).update(call_at=DatabaseClock(), lease_until=None)
    work.run_one(sending.QUEUE, alert.pk)
    alert.refresh_from_db()
    return alert


def published(alert: AlertCall) -> list[str]:
    """Return what was published about a call, in order."""
    return [fact.topic for fact in Fact.objects.filter(aggregate=f"alert_call:{alert.pk}").order_by("sequence")]


def result_of(alert: AlertCall) -> tuple[str, str]:
    """Return (status, reason)."""
    alert.refresh_from_db()
    return alert.status, alert.reason


def placed(twilio_api) -> list[str]:
    """Return the SIDs of the calls that Twilio placed to the owner's phone."""
    return [entry["sid"] for entry in twilio_api.ledger() if entry["kind"] == "call" and entry["to"] == OWNER_PHONE]


def later(alert: AlertCall, seconds: int) -> AlertCall:
    """Let the sender look at the call as if so much time had passed since it was attempted."""
    AlertCall.objects.update(attempted_at=timezone.now() - timedelta(seconds=seconds))
    return run(alert)
