"""A run: in pages, resumed where it was, when Twilio answers; and what brings it forward."""

from datetime import UTC, datetime, timedelta

import pytest

from calls.models import Call
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import heartbeats, work
from nevermisscall.outbox.sweeper import Sweeper
from nevermisscall.reconciling import scheduling
from nevermisscall.reconciling.models import Reconciliation
from nevermisscall.twilio import calls as twilio_calls
from nevermisscall.webhooks.journal import files
from nevermisscall.webhooks.journal.courier import Courier
from nevermisscall.webhooks.journal.writing import writer
from tests.fixtures.people import CUSTOMER

pytestmark = pytest.mark.django_db

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def pages_of_two(monkeypatch):
    """Twilio's pages are a hundred records long; two make a long list of a short one."""
    whole = twilio_calls.page

    def page(*args, **given):
        return whole(*args, **given, size=2)

    monkeypatch.setattr(twilio_calls, "page", page)


def due_in(row: Reconciliation) -> timedelta:
    return row.due_at - datetime.now(UTC)


def test_a_long_list_is_read_page_by_page(acme, lists, since, one_page, pages_of_two):
    since(3 * HOUR)
    for n in range(5):
        lists.call(ago=HOUR + n * MINUTES, status="no-answer")

    found = []
    row = one_page()
    while not row.finished_at:
        found.append(Call.objects.count())
        row = one_page()
    assert sorted(set(found)) == [0, 2, 4, 5]
    assert row.figures["created"] == 5


def test_the_watermark_moves_when_all_is_done(acme, lists, since, one_page, pages_of_two):
    before = since(3 * HOUR).reconciled_until
    for n in range(3):
        lists.call(ago=HOUR + n * MINUTES, status="no-answer")
    row = one_page()
    assert row.reconciled_until == before
    while row.stage:
        assert row.reconciled_until == before
        assert due_in(row) < timedelta(seconds=2)
        row = one_page()

    assert timedelta(seconds=50) < datetime.now(UTC) - row.reconciled_until < timedelta(seconds=90)
    assert timedelta(minutes=59) < due_in(row) <= HOUR


def test_killed_in_the_middle_it_goes_on_where_it_was(acme, lists, since, one_page, pages_of_two):
    since(3 * HOUR)
    for n in range(5):
        lists.call(ago=HOUR + n * MINUTES, status="no-answer")
    row = one_page()
    while Call.objects.count() < 2:
        row = one_page()
    # A worker claims the row, mends the page and dies before it can say so.
    Reconciliation.objects.update(due_at=DatabaseClock() - timedelta(seconds=1), lease_until=None)
    (claimed,) = work.claim(scheduling.QUEUE, limit=1)
    Reconciliation.objects.update(fence=None)
    work.run_claimed(scheduling.QUEUE, claimed)
    assert Call.objects.count() == 4
    assert Reconciliation.objects.get().next_url == row.next_url

    while row.stage:
        row = one_page()
    assert Call.objects.count() == 5
    assert row.reconciled_until > datetime.now(UTC) - 2 * MINUTES


@pytest.mark.parametrize(("status", "again"), [(429, 60), (503, 60), (401, 600)])
def test_a_twilio_that_does_not_answer_is_asked_later(acme, lists, since, one_page, reconcile, status, again):
    before = since(2 * HOUR).reconciled_until
    lists.call(ago=HOUR, status="no-answer")
    lists.control.set_faults(
        *({"kind": "error", "on": on, "status": status, "times": 1} for on in ("messages.list", "calls.list"))
    )
    row = one_page()

    assert (row.reconciled_until, row.attempts) == (before, 0)
    assert "HTTP" in row.last_error
    assert timedelta(seconds=again - 5) < due_in(row) <= timedelta(seconds=again)
    lists.control.clear_faults()
    assert reconcile()["created"] == 1
    assert Reconciliation.objects.get().last_error == ""


def test_one_record_that_cannot_be_mended_does_not_hold_up_the_others(acme, lists, since, reconcile, monkeypatch):
    since(2 * HOUR)
    bad = lists.call(ago=HOUR, status="no-answer", from_="+14155550200")
    good = lists.call(ago=HOUR, status="no-answer", from_="+14155550201")
    whole = twilio_calls.CallRecord.__getattribute__

    def broken(record, name):
        if name == "forwarded_from" and whole(record, "call_sid") == bad.sid:
            raise KeyError(name)
        return whole(record, name)

    monkeypatch.setattr(twilio_calls.CallRecord, "__getattribute__", broken)
    figures = reconcile()

    assert (figures["created"], figures["failed"]) == (1, 1)
    assert [call.call_sid for call in Call.objects.all()] == [good.sid]


def test_what_waits_in_the_journal_comes_first(acme, lists, since, one_page):
    since(2 * HOUR)
    lists.call(ago=HOUR, status="no-answer")
    files.make_directories()
    waiting = files.home() / (files.new_name() + files.SUFFIX)
    waiting.touch()
    row = one_page()

    assert not Call.objects.exists()
    assert not row.stage
    assert due_in(row) <= timedelta(seconds=5)


# -- after an outage --------------------------------------------------------------------------------------------------


def test_an_outage_brings_the_next_run_forward(acme, since):
    since(MINUTES)
    Reconciliation.objects.update(due_at=DatabaseClock() + HOUR)
    scheduling.after_outage()

    row = Reconciliation.objects.get()
    assert timedelta(seconds=50) < due_in(row) <= timedelta(seconds=60)
    first = row.due_at
    scheduling.after_outage()
    assert Reconciliation.objects.get().due_at == first


@pytest.mark.parametrize(("ended", "next_in"), [(0, 1), (1, 1), (2.5, 1), (3.5, 60)])
def test_runs_follow_each_other_until_a_call_that_ended_in_the_outage_is_old_enough(
    acme, lists, since, reconcile, ended, next_in
):
    since(2 * HOUR)
    scheduling.after_outage()
    Reconciliation.objects.update(wanted_at=DatabaseClock() - ended * MINUTES)
    reconcile()  # of what is older than a minute; a call that ended within two minutes may still be told of

    row = Reconciliation.objects.get()
    assert (next_in - 0.1) * MINUTES < due_in(row) <= next_in * MINUTES


def test_an_outage_revives_a_run_that_was_given_up(acme, since):
    since(HOUR)
    Reconciliation.objects.update(dead_at=DatabaseClock())
    scheduling.after_outage()

    assert Reconciliation.objects.get().dead_at is None


@pytest.mark.django_db(transaction=True)
def test_an_emptied_journal_is_an_outage(acme, twilio, monkeypatch):
    noticed = []
    courier = Courier(after_outage=lambda: noticed.append(1))
    courier.look()
    assert not noticed
    with monkeypatch.context() as broken:
        broken.setattr("sms.receiving.receive_text", lambda text: 1 / 0)
        twilio.text("Hello")
    writer.seal()
    assert files.waiting()
    courier.look()

    assert noticed == [1]
    courier.look()
    assert noticed == [1]


@pytest.mark.django_db(transaction=True)
def test_a_web_process_that_starts_was_away(acme):
    noticed = []
    courier = Courier(after_outage=lambda: noticed.append(1), was_away=True)
    courier.look()
    courier.look()

    assert noticed == [1]


def test_a_worker_that_starts_alone_was_away(acme, monkeypatch):
    noticed = []
    Sweeper(after_outage=lambda: noticed.append("alone"))._beat()
    Sweeper(after_outage=lambda: noticed.append("second"))._beat()

    assert noticed == ["alone"]
    assert heartbeats.alive().count() == 1


def test_every_account_has_its_row_and_begins_now(acme):
    scheduling.ensure_rows()
    scheduling.ensure_rows()

    row = Reconciliation.objects.get()
    assert row.account_sid == "AC" + "0" * 32
    assert datetime.now(UTC) - row.reconciled_until < timedelta(seconds=10)
    assert CUSTOMER not in str(row)
