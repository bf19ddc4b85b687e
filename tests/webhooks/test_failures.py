"""When we fail ourselves: the caller hears no error, the webhook is kept, nothing is half done."""

from unittest import mock
from xml.etree import ElementTree

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from calls import arrival, services
from calls.models import Call
from nevermisscall.lib.database import breaker
from nevermisscall.webhooks import receipts
from nevermisscall.webhooks.models import WebhookReceipt
from tenants import routing
from tests.fixtures.people import ACME_NUMBER, OWNER_PHONE, RIVAL_NUMBER, make_business

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(monkeypatch):
    """Make functions raise instead, with the signatures they have."""

    def break_(module, *names: str, error: type[Exception] = RuntimeError) -> None:
        for name in names:
            monkeypatch.setattr(module, name, mock.create_autospec(getattr(module, name), side_effect=error))

    return break_


def verbs(answer) -> list[str]:
    return [element.tag for element in ElementTree.fromstring(answer.content).iter()][1:]


# -- a bug in a service -----------------------------------------------------------------------------------------------


def test_a_call_is_forwarded_although_recording_it_failed(acme, twilio, broken, logged):
    broken(arrival, "record_forwarded")
    answer = twilio.incoming_call()

    assert answer.status_code == 200
    assert f"{OWNER_PHONE}</Number>" in answer.text
    assert "webhook failed: answered without being recorded" in logged()


# Webhook → the service that fails under it, and the verbs that its sender hears then.
VOICE = {
    "no answer": ("finish_dial", lambda t: t.dial_action(DialCallStatus="no-answer"), ["Say", "Hangup"]),
    "answered": ("finish_dial", lambda t: t.dial_action(DialCallStatus="completed", DialBridged="true"), []),
    "caller gone": ("finish_dial", lambda t: t.dial_action(DialCallStatus="canceled", CallStatus="completed"), []),
    "whisper": ("screen_call", lambda t: t.screen(), ["Gather", "Say", "Hangup"]),
    "press 1": ("accept_call", lambda t: t.press("1"), []),
    "press 2": ("accept_call", lambda t: t.press("2"), ["Hangup"]),
    "voicemail": (
        "record_recording",
        lambda t: t.post(f"/webhooks/twilio/call/voicemail/{t.call_sid}", t.call_fields()),
        ["Hangup"],
    ),
}


@pytest.mark.parametrize("error", [RuntimeError, KeyError, OperationalError, InterfaceError])
@pytest.mark.parametrize("what", VOICE)
def test_a_person_on_the_line_hears_no_error(acme, twilio, broken, what, error):
    service, webhook, expected = VOICE[what]
    twilio.incoming_call()
    broken(services, service, error=error)
    answer = webhook(twilio)

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert verbs(answer) == expected


def test_the_end_of_a_call_that_could_not_be_recorded_is_kept(acme, twilio, broken, journaled):
    twilio.incoming_call()
    broken(services, "end_call")

    assert verbs(twilio.call_ends()) == []
    assert [record.key for record in journaled()] == [f"{twilio.call_sid}:completed:"]


STATUS = {
    "record_progress": lambda t: t.leg_status("ringing"),
    "end_call": lambda t: t.post("/api/webhooks/status", t.call_fields(CallStatus="completed")),
    "record_recording": lambda t: t.post(
        "/api/webhooks/status", t.call_fields(RecordingSid="RE" + "1" * 32, RecordingStatus="completed")
    ),
}


@pytest.mark.parametrize("service", STATUS)
def test_a_status_callback_is_kept(acme, twilio, broken, journaled, service):
    twilio.incoming_call()
    broken(services, service)

    assert STATUS[service](twilio).status_code == 204
    assert [record.kind for record in journaled()] == ["status"]


@pytest.mark.parametrize("service", STATUS)
def test_a_status_callback_that_cannot_be_kept_is_asked_for_again(acme, twilio, broken, settings, service):
    twilio.incoming_call()
    broken(services, service)
    settings.JOURNAL_MAX_FILES = 0

    assert STATUS[service](twilio).status_code == 503


@pytest.mark.parametrize(("service", "webhook"), [*((s, w) for s, w, _ in VOICE.values()), *STATUS.items()])
def test_what_failed_left_nothing_and_a_repeat_works(acme, twilio, monkeypatch, count_rows, service, webhook):
    twilio.incoming_call()
    before = count_rows()
    honest = getattr(services, service)

    def fail_at_the_end(**words):
        honest(**words)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(services, service, fail_at_the_end)
        webhook(twilio)
    assert count_rows() == before

    assert webhook(twilio).status_code in {200, 204}
    assert WebhookReceipt.objects.count() == 2


@pytest.mark.parametrize("screening", ["press_1", "off"])
def test_an_answered_call_is_not_called_missed_because_we_failed(acme, twilio, broken, screening):
    acme.answer_screening = screening
    acme.save()
    twilio.incoming_call()
    broken(services, "finish_dial")

    assert "<Say" not in twilio.dial_action(DialCallStatus="completed", DialBridged="true").text


# -- the database is away ---------------------------------------------------------------------------------------------


@pytest.fixture
def database_away(broken):
    """From now on every way to record a webhook meets a database that is not there."""

    def go_away(error: type[Exception]) -> None:
        broken(arrival, "record_forwarded", error=error)
        broken(receipts, "once", error=error)

    return go_away


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, DatabaseError])
def test_a_call_is_forwarded_from_memory(acme, twilio, database_away, logged, error):
    warm = type(twilio)(twilio.client).incoming_call()
    database_away(error)
    answer = twilio.incoming_call()

    assert verbs(answer) == verbs(warm) == ["Dial", "Number"]
    assert OWNER_PHONE in answer.text
    assert "Database connection failed" in logged()
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"To": "+15005550777"}, ["Reject"]),
        ({"From": OWNER_PHONE}, ["Say", "Hangup"]),
        ({"ForwardedFrom": OWNER_PHONE}, ["Reject"]),  # is it a loop? nobody knows: better than going in circles
        ({"From": ACME_NUMBER}, ["Reject"]),
        ({"From": ""}, ["Dial", "Number"]),
        ({"From": "+9991234567"}, ["Dial", "Number"]),
    ],
)
def test_memory_also_knows_whom_not_to_forward(acme, twilio, database_away, fields, expected):
    type(twilio)(twilio.client).incoming_call()
    database_away(OperationalError)

    assert (
        verbs(twilio.post("/webhooks/twilio/call", twilio.call_fields(**{"CallStatus": "ringing"} | fields)))
        == expected
    )


def test_a_business_without_memory_of_it_is_not_invented(acme, rival, twilio, database_away):
    twilio.incoming_call()
    database_away(OperationalError)

    assert "+15005550901</Number>" in type(twilio)(twilio.client).incoming_call(To=RIVAL_NUMBER).text


# -- nothing listens where the database was ---------------------------------------------------------------------------


@pytest.fixture
def unplug(transactional_db, monkeypatch):
    """Make the database unreachable, until `replug`: connections end, and new ones are refused."""
    make_business()

    def unplug() -> None:
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", "9")

    yield unplug
    monkeypatch.undo()
    connection.close()


def test_without_a_database_calls_are_forwarded(unplug, twilio, logged, monkeypatch):
    warm = twilio.incoming_call()
    unplug()
    monkeypatch.setattr(routing, "UNHEARD_SECONDS", 0)  # so that memory is old and a reload is tried, in vain
    other = type(twilio)(twilio.client)
    answer = other.incoming_call()

    assert answer.text == warm.text.replace(twilio.call_sid, other.call_sid)
    assert "Database connection failed" in logged()


def test_without_a_database_signatures_still_count(unplug, twilio):
    twilio.incoming_call()
    unplug()

    assert twilio.post("/webhooks/twilio/call", twilio.call_fields(), token="stolen").status_code == 401
    assert twilio.incoming_call(AccountSid="AC" + "5" * 32).status_code == 401


def test_when_the_database_is_back_a_repeat_is_recorded_once(unplug, twilio, monkeypatch, replay):
    twilio.incoming_call()
    unplug()
    kept = [twilio.dial_action(DialCallStatus="busy"), twilio.leg_status("busy")]
    monkeypatch.undo()
    breaker.close()
    repeated = [twilio.dial_action(DialCallStatus="busy"), twilio.leg_status("busy")]
    replay()

    assert [answer.status_code for answer in kept + repeated] == [200, 204, 200, 204]
    assert kept[0].text == repeated[0].text
    assert Call.objects.get().missed_reason == "busy"
    assert WebhookReceipt.objects.count() == 3


def test_a_process_that_never_saw_the_database_calls_no_number_unknown(unplug, twilio):
    unplug()
    answer = twilio.incoming_call()

    assert verbs(answer) == ["Say", "Hangup"]
    assert "cannot be reached" in answer.text
    assert verbs(twilio.dial_action(DialCallStatus="busy")) == ["Hangup"]


def test_a_process_that_never_saw_the_database_asks_other_accounts_to_try_again(unplug, twilio):
    unplug()

    assert twilio.incoming_call(AccountSid="AC" + "5" * 32).status_code == 503
