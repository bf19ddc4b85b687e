"""Figures for whoever watches from outside."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from calls.models import Call
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.metrics import views
from nevermisscall.webhooks import timing
from nevermisscall.webhooks.journal import poison
from nevermisscall.webhooks.journal.writing import writer
from nevermisscall.webhooks.models import WebhookMinute
from sms.models import AccountPause, Message, SendAttempt
from tests.fixtures.people import CUSTOMER
from tests.fixtures.webhooks import TwilioPhone
from tests.webhooks.journal.test_records import record


@pytest.fixture(autouse=True)
def _nothing_counted_yet():
    timing._sums.clear()
    views.kept.forget()


@pytest.fixture
def figures(client, db):
    """Count everything now."""

    def ask():
        views.kept.forget()
        answer = client.get("/metrics")
        assert answer.status_code == 200
        return answer.json()

    return ask


def test_a_quiet_product_has_figures_too(figures):
    found = figures()

    assert found["webhook_processing"]["calls_per_hour"] == 0
    assert found["webhook_processing"]["avg_processing_time_ms"] == 0
    assert found["sms"]["delivery_rate"] is None
    assert found["text_backs"] == {"sent_per_hour": 0, "seconds_p50": None, "seconds_p95": None}
    assert found["queues"]["sms.send"] == {"pending": 0, "due": 0, "oldest_seconds": 0, "dead": 0}


def test_calls_and_the_time_their_webhooks_take_are_counted(figures, acme, client):
    for _ in range(2):
        phone = TwilioPhone(client)
        phone.incoming_call()
        phone.dial_action(DialCallStatus="no-answer")
    Call.objects.filter(pk=Call.objects.latest("pk").pk).update(started_at=timezone.now() - timedelta(minutes=61))
    processing = figures()["webhook_processing"]

    assert (processing["calls_per_hour"], processing["webhooks_per_hour"]) == (1, 4)
    assert 0 < processing["avg_processing_time_ms"] <= processing["slowest_ms"] < 5000
    assert figures()["calls"]["by_outcome"] == {"answered": 0, "missed": 1, "refused": 0, "open": 0}


def test_what_is_not_signed_is_no_webhook(figures, acme, twilio):
    twilio.post("/webhooks/twilio/call", twilio.call_fields(CallStatus="ringing"), token="somebody else's")

    assert figures()["webhook_processing"]["webhooks_per_hour"] == 0


def test_several_processes_and_minutes_add_up(figures):
    now = timezone.now()
    for seconds, minutes_ago in ((0.1, 0), (0.7, 0), (0.4, 5), (9, 61)):
        timing.note("call", seconds=seconds, status_code=200)
        [(minute, kind)] = timing._sums
        timing._sums = {(now - timedelta(minutes=minutes_ago), kind): timing._sums[minute, kind]}
        timing.flush()  # as if each were a process of its own
    timing.note("call", seconds=0.01, status_code=503)
    processing = figures()["webhook_processing"]

    assert processing["webhooks_per_hour"] == 4
    assert processing["avg_processing_time_ms"] == pytest.approx(302.5)
    assert (processing["slowest_ms"], processing["over_500_ms"], processing["failed"]) == (700, 1, 1)


def test_old_minutes_are_forgotten(db):
    for days in (1, 3):
        WebhookMinute.objects.create(
            minute=timezone.now() - timedelta(days=days),
            kind="call",
            answered=1,
            failed=0,
            slow=0,
            total_ms=1,
            slowest_ms=1,
        )

    assert timing.forget_old() == 1
    assert WebhookMinute.objects.count() == 1


def test_what_cannot_be_written_down_is_kept_for_later(db, monkeypatch):
    timing.note("call", seconds=0.1, status_code=200)
    monkeypatch.setattr(timing, "_ADD", "no SQL")
    from django.db import ProgrammingError, transaction

    with pytest.raises(ProgrammingError), transaction.atomic():
        timing.flush()
    monkeypatch.undo()
    timing.flush()
    assert WebhookMinute.objects.get().answered == 1


def test_texts_are_counted_by_what_became_of_them(figures, make_message):
    statuses = ["delivered"] * 3 + ["undelivered", "sent", "queued", "canceled"]
    for status in statuses:
        make_message(status=status, error_code=30006 if status == "undelivered" else None)
    make_message(status="received", direction="inbound", purpose="", taken_as="conversation")
    make_message(status="failed", created_at=timezone.now() - timedelta(hours=25))
    texts = figures()["sms"]

    assert texts["delivery_rate"] == 0.75
    assert {
        name: texts[name] for name in ("delivered", "not_delivered", "under_way", "without_receipt", "canceled")
    } == {
        "delivered": 3,
        "not_delivered": 1,
        "under_way": 1,
        "without_receipt": 1,
        "canceled": 1,
    }
    assert texts["errors"] == {"30006": 1}


def test_the_wait_for_a_text_back_is_measured(figures, make_message):
    now = timezone.now()
    for seconds in (1, 2, 9):
        make_message(
            purpose="missed_call", created_at=now - timedelta(seconds=60), sent_at=now - timedelta(seconds=60 - seconds)
        )
    text_backs = figures()["text_backs"]

    assert (text_backs["sent_per_hour"], text_backs["seconds_p50"]) == (3, 2)
    assert text_backs["seconds_p95"] == pytest.approx(8.3)


def test_queues_say_how_much_waits_and_how_late_it_is(figures, make_message):
    make_message(next_attempt_at=DatabaseClock() - timedelta(seconds=90))
    make_message(next_attempt_at=DatabaseClock() + timedelta(hours=1))
    make_message(next_attempt_at=DatabaseClock(), dead_at=DatabaseClock())
    queue = figures()["queues"]["sms.send"]

    assert (queue["pending"], queue["due"], queue["dead"]) == (2, 1, 1)
    assert 90 <= queue["oldest_seconds"] < 95


def test_requests_that_twilio_did_not_accept_show(figures, make_message):
    message = make_message()
    for minutes, outcome in ((1, "accepted"), (2, "503: down"), (3, ""), (70, "503: down")):
        SendAttempt.objects.create(
            message=message, started_at=timezone.now() - timedelta(minutes=minutes), outcome=outcome
        )
    twilio = figures()["twilio"]

    assert (twilio["requests_per_hour"], twilio["not_accepted_per_hour"]) == (3, 1)


def test_refused_accounts_and_silent_workers_show(figures):
    AccountPause.objects.create(account_sid="AC1", since=timezone.now(), until=timezone.now() + timedelta(minutes=1))

    assert figures()["twilio"] == {"requests_per_hour": 0, "not_accepted_per_hour": 0, "accounts_paused": 1}
    assert figures()["workers"] == {"alive": 0}


# -- formats and who may ask -----------------------------------------------------------------------------------------

SAMPLE = re.compile(r'nevermisscall_[a-z0-9_]+(?:\{[a-z]+="[^"\\]+"\})? -?[0-9.]+(?:e-?\d+)?')


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/metrics", "*/*", "application/json"),
        ("/metrics", "text/html,*/*;q=0.8", "application/json"),
        ("/metrics", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
        ("/metrics/prometheus", "*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "/metrics/prometheus",
            "application/openmetrics-text;version=1.0.0",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        (
            "/metrics",
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ],
)
def test_each_asks_in_its_own_way(client, db, path, accept, content_type):
    assert client.get(path, headers={"Accept": accept}).headers["Content-Type"] == content_type


def test_prometheus_reads_every_figure(client, make_message):
    make_message(status="undelivered", error_code=30006)
    text = client.get("/metrics/prometheus").text
    samples = [line for line in text.splitlines() if not line.startswith("#")]

    assert [line for line in samples if not SAMPLE.fullmatch(line)] == []
    assert 'nevermisscall_queues_due{queue="sms.send"} 0' in samples
    assert 'nevermisscall_sms_errors{code="30006"} 1' in samples
    assert "nevermisscall_sms_delivery_rate 0.0" in samples
    assert text.count("# TYPE nevermisscall_queues_due gauge\n") == 1


def test_openmetrics_says_where_it_ends(client, db):
    assert client.get("/metrics", headers={"Accept": "application/openmetrics-text"}).text.endswith("\n# EOF\n")


def test_figures_are_counted_once_for_all_who_ask_within_two_seconds(client, db, django_assert_num_queries):
    first = client.get("/metrics").json()
    with django_assert_num_queries(0):
        assert client.get("/metrics").json() == first
        client.get("/metrics/prometheus")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/prometheus"])
@pytest.mark.parametrize("header", ["", "Bearer wrong", "hush", "Basic aHVzaA==", "Bearer hüsh"])
def test_with_a_token_set_only_who_knows_it_may_ask(client, db, settings, path, header):
    settings.METRICS_TOKEN = "hush"
    answer = client.get(path, headers={"Authorization": header} if header else {})

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert client.get(path, headers={"Authorization": "Bearer hush"}).status_code == 200


def test_without_the_database_it_says_so(client, monkeypatch):
    from django.db import OperationalError

    def away():
        raise OperationalError("away")

    monkeypatch.setattr(views, "gather", away)
    answer = client.get("/metrics")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "UNAVAILABLE")


def test_they_tell_no_number_and_no_text(figures, acme, twilio, do_due_work, twilio_api):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()

    assert Message.objects.exists()
    assert CUSTOMER.removeprefix("+") not in str(figures())
    assert settings.TWILIO_ACCOUNT_SID not in str(figures())


def test_what_waits_in_the_journal_is_counted(figures):
    writer.append(record())
    poison.set_aside(record())
    found = figures()["journal"]

    assert (found["waiting_files"], found["set_aside"], found["database_is_away"]) == (1, 1, 0)
    assert found["waiting_bytes"] > 0
