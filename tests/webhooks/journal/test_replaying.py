"""What waits is recorded in order, once, and nothing holds up the rest."""

from datetime import timedelta
from time import sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.models import Sum

from calls import services
from calls.models import Call, CallEvent
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.database import breaker
from nevermisscall.webhooks import receipts, timing
from nevermisscall.webhooks.journal import files, poison
from nevermisscall.webhooks.journal.replaying import DatabaseAway, Replayer
from nevermisscall.webhooks.journal.writing import Writer, writer
from nevermisscall.webhooks.models import WebhookMinute, WebhookReceipt
from sms.models import Message
from tenants import keywords
from tenants.models import Contact
from tests.fixtures.people import CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import TwilioPhone
from tests.webhooks.journal.test_records import record

pytestmark = pytest.mark.django_db


def test_a_whole_call_is_recorded_as_it_happened(acme, twilio, away, replay):
    twilio.incoming_call()
    twilio.screen()
    twilio.dial_action(DialCallStatus="no-answer")
    twilio.call_ends()
    assert Call.objects.count() == 0
    done = replay()

    assert (done.recorded, done.set_aside, files.waiting()) == (4, 0, [])
    assert Call.objects.get().missed_reason == "no_answer"
    assert list(CallEvent.objects.order_by("pk").values_list("kind", flat=True)) == [
        "incoming", "screened", "dialed", "decided", "ended",
    ]  # fmt: skip


def test_texts_and_reports_are_recorded(acme, twilio, away, replay):
    twilio.text("My sink is leaking")
    twilio.leg_status("ringing")
    twilio.message_status("SM" + "1" * 32, "delivered")

    assert replay().recorded == 3
    assert Message.objects.get().body == "My sink is leaking"


def test_a_start_written_while_its_stop_is_recorded_is_the_later_one(acme, twilio, away, replay, monkeypatch):
    """What takes half a second to be recorded came when it came."""
    twilio.text("STOP")
    twilio.text("START")
    read = keywords.read

    def slowly(body: str, **more):
        if body == "STOP":
            sleep(0.5)
        return read(body, **more)

    monkeypatch.setattr("tenants.keywords.read", slowly)

    assert replay().recorded == 2
    assert Contact.objects.get(number=CUSTOMER).opted_out_at is None
    assert [message.taken_as for message in Message.objects.order_by("created_at")] == ["stop", "start"]


def test_the_answers_are_those_of_memory(acme, twilio, away):
    assert [
        twilio.text().status_code,
        twilio.leg_status("ringing").status_code,
        twilio.message_status("SM" + "1" * 32, "sent").status_code,
        twilio.call_ends().status_code,
    ] == [200, 204, 204, 200]


def test_what_cannot_be_kept_is_asked_for_again_but_a_caller_is_forwarded(acme, twilio, settings, logged):
    TwilioPhone(twilio.client).incoming_call()
    breaker.trip(60)
    settings.JOURNAL_MAX_MEGABYTES = 0
    timing.flush()

    assert f"{OWNER_PHONE}</Number>" in twilio.incoming_call().text
    assert "We will text you" in twilio.dial_action(DialCallStatus="busy").text
    assert [twilio.text().status_code, twilio.leg_status("busy").status_code, twilio.call_ends().status_code] == [
        503
    ] * 3
    assert "webhook not kept: the journal cannot be written" in logged()
    timing.flush()
    assert WebhookMinute.objects.aggregate(Sum("unrecorded")) == {"unrecorded__sum": 2}


def test_times_are_those_when_it_came(acme, twilio, away, replay, time_machine_back):
    time_machine_back(timedelta(minutes=20), lambda: (twilio.incoming_call(), twilio.text()))
    replay()
    about = utcnow() - timedelta(minutes=20)

    for at in (
        Call.objects.get().started_at,
        Message.objects.get().created_at,
        WebhookReceipt.objects.first().received_at,
    ):
        assert abs(at - about) < timedelta(seconds=20)
    assert Call.objects.get().settle_at > utcnow() + timedelta(minutes=1)  # its other webhooks may still be coming


def test_a_miss_that_is_old_by_then_is_told_to_the_owner(
    acme, twilio, away, replay, time_machine_back, twilio_api, do_due_work
):
    time_machine_back(
        timedelta(minutes=16), lambda: (twilio.incoming_call(), twilio.dial_action(DialCallStatus="no-answer"))
    )
    replay()
    breaker.close()
    do_due_work()
    do_due_work()

    assert [text["to"] for text in twilio_api.messages()] == [OWNER_PHONE]


def test_a_miss_of_a_minute_ago_is_texted(acme, twilio, away, replay, time_machine_back, twilio_api, do_due_work):
    time_machine_back(
        timedelta(minutes=1), lambda: (twilio.incoming_call(), twilio.dial_action(DialCallStatus="no-answer"))
    )
    replay()
    breaker.close()
    do_due_work()

    assert [text["to"] for text in twilio_api.messages()] == [CUSTOMER]


@pytest.fixture
def time_machine_back(monkeypatch):
    """Do something at an earlier time, as far as the journal is told."""

    def do(ago: timedelta, what):
        with monkeypatch.context() as patched:
            patched.setattr("nevermisscall.webhooks.views.utcnow", lambda: utcnow() - ago)
            what()

    return do


def test_several_processes_files_are_one_order(acme, twilio, away, journaled, monkeypatch, replay):
    processes = [Writer(), Writer(), Writer()]
    webhooks = [
        twilio.incoming_call,
        twilio.screen,
        lambda: twilio.press("1"),
        lambda: twilio.dial_action(DialCallStatus="completed", DialBridged="true"),
        twilio.call_ends,
    ]
    for number, webhook in enumerate(webhooks):
        monkeypatch.setattr("nevermisscall.webhooks.journal.writing.writer", processes[-number % 3])
        webhook()
    for process in processes:
        process.seal()

    assert replay().recorded == 5
    assert Call.objects.get().outcome == "answered"


def test_more_files_than_are_read_at_once_are_one_order(acme, twilio, away, monkeypatch):
    """Three processes, each with one file: the first holds what came last, the first round reads two."""
    monkeypatch.setattr("nevermisscall.webhooks.journal.replaying.FILES_AT_ONCE", 2)
    processes = [Writer(), Writer(), Writer()]

    def post(to: int, webhook) -> None:
        monkeypatch.setattr("nevermisscall.webhooks.journal.writing.writer", processes[to])
        webhook()

    post(0, twilio.incoming_call)
    post(1, twilio.screen)
    post(2, lambda: twilio.press("1"))
    post(0, lambda: twilio.dial_action(DialCallStatus="completed", DialBridged="true"))
    for process in processes:
        process.seal()
    replayer = Replayer()
    recorded = [replayer.round().recorded, replayer.round().recorded]

    assert (recorded, files.waiting()) == ([2, 2], [])
    assert Call.objects.get().outcome == "answered"


def test_what_was_recorded_already_is_a_repeat(acme, twilio, away, journaled, replay):
    twilio.incoming_call()
    twilio.text()
    [path] = files.waiting()
    saved = path.read_bytes()
    replay()
    path.write_bytes(saved)
    replay()

    assert (Call.objects.count(), Message.objects.count(), WebhookReceipt.objects.count()) == (1, 1, 2)


def test_a_file_in_use_is_replayed_and_deleted_later(acme, twilio, away):
    replayer = Replayer()
    twilio.incoming_call()
    assert replayer.round().recorded == 1
    assert replayer.round().recorded == 0
    assert len(files.waiting()) == 1
    writer.seal()
    replayer.round()

    assert files.waiting() == []


def test_while_the_database_is_away_everything_waits(acme, twilio, away, failing, replay):
    twilio.incoming_call()
    twilio.text()
    failing(receipts, "once", OperationalError("gone"))
    with pytest.raises(DatabaseAway):
        replay()

    assert len(files.waiting()) == 1


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_waits_and_changes_nothing(acme, twilio, away, capsys):
    twilio.incoming_call()
    poison.set_aside(record(kind="sms", key="SM1").because("KeyError: 'x'"))
    call_command("replay_journal", "--dry-run")

    said = capsys.readouterr().out
    assert f"call {twilio.call_sid}" in said
    assert "sms SM1: KeyError: 'x'" in said
    assert said.endswith(f"1 wait and 1 are set aside in {files.home()}.\n")
    assert Call.objects.count() == 0


def test_the_command_records(acme, twilio, away, capsys):
    twilio.incoming_call()
    writer.seal()
    breaker.close()
    call_command("replay_journal", "--set-aside")

    assert "1 recorded, 0 set aside, 0 files left in " in capsys.readouterr().out
    assert Call.objects.count() == 1


def test_a_journal_that_is_elsewhere_is_not_taken_for_an_empty_one(settings, tmp_path, capsys):
    settings.JOURNAL_DIR = tmp_path / "elsewhere"
    call_command("replay_journal", "--dry-run")
    assert f"in {tmp_path}/elsewhere, which is not there" in capsys.readouterr().out

    (tmp_path / "elsewhere").write_text("no directory")
    for arguments in (["--dry-run"], []):
        with pytest.raises(CommandError, match=r"JOURNAL_DIR: .*elsewhere cannot be used .*as their user"):
            call_command("replay_journal", *arguments)


def test_only_one_process_replays(acme):
    with files.held() as first:
        assert first
        with pytest.raises(CommandError, match="Another process"):
            call_command("replay_journal")


def test_a_connection_is_asked_for_again_after_a_deadlock(acme, twilio, transactional_db, monkeypatch):
    twilio.incoming_call()
    honest, tries = services.screen_call, []

    def collide_twice(**words):
        tries.append(1)
        if len(tries) < 3:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$")
        return honest(**words)

    monkeypatch.setattr(services, "screen_call", collide_twice)
    assert "<Gather" in twilio.screen().text

    assert len(tries) == 3
    assert files.waiting() == []
