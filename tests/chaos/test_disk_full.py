"""A disk is full: of the journal, of PostgreSQL, of the log, of the pictures, of the backups. Real ones, of few blocks.

Callers are forwarded whatever is full. What was answered with 2xx is there afterwards; what could not be kept was
answered with 503, so that Twilio tries again.
"""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from nevermisscall.dev.postgres_server import PostgresServer
from nevermisscall.dev.processes import start_leashed
from nevermisscall.lib.env import BASE_DIR
from tests.journeys import ledger
from tests.journeys import traffic as t
from tests.journeys.stack import COMMANDS, Stack, wait_until
from tests.journeys.traffic import Traffic

pytestmark = pytest.mark.fault("F18")


@contextlib.contextmanager
def small_disk(where: Path, size: str):
    """Mount a disk of `size`, such as 64k, at `where`."""
    where.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", where], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk of {size} can be mounted here: {done.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", where], check=True)


def fill(disk: Path) -> Path:
    """Take all the room there is. Returns the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A product whose journal, pictures, backups and PostgreSQL are on small disks."""
    home = tmp_path_factory.mktemp("full")
    running = Stack(home, own_postgres=True)
    with contextlib.ExitStack() as disks:
        for name in ("journal", "media", "backups"):
            disks.enter_context(small_disk(home / name, "64k"))
        # PostgreSQL may run under another account than ours, which cannot enter pytest's directory.
        outside = Path(disks.enter_context(tempfile.TemporaryDirectory(prefix="nevermisscall-full-")))
        outside.chmod(0o711)
        running.database_disk = disks.enter_context(small_disk(outside / "database", "256m"))
        running.database_disk.chmod(0o711)
        running.postgres = PostgresServer(running.database_disk, durable=False)
        try:
            running.start()
            running.business(t.BUSINESS, t.OWNER)
            running.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
            with Traffic(running) as traffic:
                time.sleep(1)
            wait_until(lambda: not ledger.unrecorded(traffic), seconds=30)
            yield running
            for log in ("web.log", "worker.log"):
                assert "--- Logging error ---" not in (home / log).read_text(errors="replace")
        finally:
            running.stop()


def is_heard(webhook) -> bool:
    """Whether somebody is on the line and waits for the answer."""
    return "/twilio/call" in webhook.path and webhook.fields["CallStatus"] != "completed"


def recorded(stack, webhook) -> bool:
    query = "SELECT 1 FROM webhooks_webhookreceipt WHERE params ->> 'From' = %s AND params @> %s::jsonb"
    fields = {name: webhook.fields[name] for name in webhook.fields if name in {"MessageSid", "CallSid", "CallStatus"}}
    return bool(stack.rows(query, webhook.fields["From"], json.dumps(fields)))


def test_a_full_journal_forwards_calls_and_asks_twilio_to_try_texts_again(stack, say, figure):
    journal = stack.home / "journal"
    stack.postgres.stop()
    with Traffic(stack) as traffic:
        wait_until(lambda: any(webhook.status == 503 for webhook in traffic.webhooks), seconds=30)
        time.sleep(5)
    files = len(list(journal.glob("*.journal")))
    answered = ledger.answers(traffic)
    heard = [webhook for webhook in traffic.webhooks if is_heard(webhook)]
    unheard = [webhook for webhook in traffic.webhooks if not is_heard(webhook)]
    refused = [webhook for webhook in unheard if webhook.status == 503]

    stack.postgres.start()
    wait_until(lambda: not list(journal.glob("*.journal")), seconds=60)
    kept = [webhook for webhook in unheard if webhook.status != 503]
    lost = sum(not recorded(stack, webhook) for webhook in kept)
    tried_again = [stack.post_signed(webhook.path, webhook.fields).status_code for webhook in refused]
    unheard_of = sum(not recorded(stack, webhook) for webhook in heard)
    say(f"{answered}; {len(refused)} of {len(unheard)} texts and reports got 503 and were taken later; {unheard_of} of")
    say(f"{len(heard)} webhooks of calls were answered and not kept; {files} files in a journal of 64 KiB")
    figure(events=len(traffic.webhooks), lost=lost, refused_and_tried_again=len(refused), calls_not_kept=unheard_of)

    assert answered["not forwarded"] == 0
    assert {webhook.status for webhook in heard} == {200}
    assert {webhook.status for webhook in unheard} <= {200, 204, 503}
    assert len(refused) > 5
    assert lost == 0
    assert set(tried_again) <= {200, 204}
    assert files < 32  # a webhook that could not be kept leaves nothing there


def test_a_full_disk_of_postgresql_is_like_postgresql_away(stack, say, figure):
    with small_disk(stack.home / "roomy", "64m") as roomy:
        stack.env["JOURNAL_DIR"] = str(roomy)
        stack.kill("web", signal.SIGTERM)
        stack.kill("worker", signal.SIGTERM)
        stack.start_process("web")
        stack.start_process("worker")
        wait_until(stack.is_live, seconds=60)
        with Traffic(stack) as traffic:
            time.sleep(2)
            ballast = fill(stack.database_disk)
            wait_until(lambda: list(roomy.glob("*.journal")), seconds=60)
            time.sleep(15)
            died = stack.postgres.has_died()
            ballast.unlink()
            if died:
                stack.postgres.start()
            time.sleep(3)
        say(f"PostgreSQL {'ended by itself' if died else 'went on, and refused to write'}")

        ledger.check(traffic, recorded_within=60, say=say, figure=figure)
        assert list((roomy / "poison").iterdir()) == []
        stack.env["JOURNAL_DIR"] = str(stack.home / "journal")


def test_a_full_disk_of_the_log_costs_nothing_but_the_log(stack, say, figure):
    for name in ("web", "worker"):
        stack.kill(name, signal.SIGTERM)
        with Path("/dev/full").open("wb") as full:
            stack.processes[name] = start_leashed(
                COMMANDS[name].split(), death_signal=signal.SIGKILL, cwd=BASE_DIR, env=stack.env, output=full
            )
    wait_until(stack.is_live, seconds=60)
    with Traffic(stack) as traffic:
        time.sleep(4)

    ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    for name in ("web", "worker"):
        stack.kill(name, signal.SIGTERM)
        stack.start_process(name)
    wait_until(stack.is_live, seconds=60)


def test_a_picture_for_which_there_is_no_room_is_fetched_later(stack):
    media = stack.home / "media"
    ballast = fill(media)
    stack.phone.send_text(from_="+14155559001", to=t.BUSINESS, body="look", media=["image/png"])
    state = "SELECT state, attempts, size, file FROM sms_messagemedia"
    wait_until(lambda: stack.rows(state) and stack.rows(state)[0][1] >= 2, seconds=60)
    assert stack.rows(state)[0][0] == "pending"
    ballast.unlink()
    wait_until(lambda: stack.rows(state)[0][0] == "stored", seconds=60)
    _, _, size, name = stack.rows(state)[0]

    assert (media / name).stat().st_size == size
    assert [path for path in media.rglob("*") if path.is_file()] == [media / name]  # and nothing half written


def test_a_backup_for_which_there_is_no_room_says_so_and_leaves_nothing(stack):
    backups = stack.home / "backups"
    with pytest.raises(AssertionError, match=r"No space left on device; make room there"):
        stack.manage("backup", "--to", str(backups))

    assert os.listdir(backups) == ["lock"]
    assert "No space left" in stack.rows("SELECT error FROM backup_backup")[0][0]
