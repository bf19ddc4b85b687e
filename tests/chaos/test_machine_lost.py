"""The machine is lost with database, journal and Redis. What is left: yesterday's backup, and Twilio's lists."""

import contextlib
import shutil
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from nevermisscall.twilio.emulator import control
from tests.journeys import traffic as t
from tests.journeys.stack import Stack, wait_until

pytestmark = pytest.mark.fault("F25")

OUTCOMES = "SELECT call_sid, outcome FROM calls_call WHERE call_sid = ANY(%s)"
WAITING = "SELECT count(*) FROM outbox_delivery WHERE next_attempt_at IS NOT NULL AND dead_at IS NULL"


@pytest.fixture
def stack(tmp_path):
    running = Stack(tmp_path, own_postgres=True)
    try:
        running.start()
        running.env["BACKUP_DIR"] = str(tmp_path / "elsewhere")
        running.business(t.BUSINESS, t.OWNER)
        running.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
        yield running
    finally:
        running.stop()


class People:
    """Customers who call and text at Twilio, and what Twilio knows of them."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.phone = stack, stack.phone
        self.calls: dict[str, str] = {}  # SID → the outcome it has to have
        self.texts: list[str] = []  # SIDs
        self._number = 1000

    def customer(self) -> str:
        self._number += 1
        return f"+1212555{self._number}"

    def call(self, *, customer: str = "", answered: bool = False) -> str:
        customer = customer or self.customer()
        owner = control.answers(talk=400) if answered else control.no_answer()
        sid = self.phone.place_call(from_=customer, to=t.BUSINESS, owner=owner)
        self.calls[sid] = "answered" if answered else "missed"
        return customer

    def text(self, body: str, *, customer: str = "") -> str:
        customer = customer or self.customer()
        self.texts.append(self.phone.send_text(from_=customer, to=t.BUSINESS, body=body))
        return customer

    def told(self) -> Counter[str]:
        """How many texts Twilio took for each customer."""
        return Counter(each["to"] for each in self.phone.messages(from_=t.BUSINESS) if each["to"] != t.OWNER)

    def have_all_ended(self) -> bool:
        return all(self.phone.call(sid)["settled"] for sid in self.calls)


def lose_the_machine(stack: Stack) -> None:
    for name in ("web", "worker"):
        stack.kill(name, signal.SIGKILL)
    with psycopg.connect(stack.database_url.replace("/nevermisscall", "/postgres"), autocommit=True) as server:
        server.execute("DROP DATABASE nevermisscall WITH (FORCE)")
        server.execute("CREATE DATABASE nevermisscall")
    for lost in ("journal", "media"):
        shutil.rmtree(stack.home / lost, ignore_errors=True)
    stack.redis.redis.process.kill()
    stack.redis.redis.process.wait()
    stack.redis.revive()


def test_yesterdays_backup_and_twilios_lists_bring_everything_back(stack, say, figure):
    people = People(stack)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: people.call(answered=n % 4 == 0), range(20)))
        texters = list(pool.map(lambda n: people.text(f"before {n}"), range(10)))
    wait_until(people.have_all_ended, seconds=120)
    stack.kill("worker")  # these are in the backup, undone, and done before the machine is lost
    waiting = [people.call() for _ in range(5)]
    wait_until(people.have_all_ended, seconds=120)
    said = stack.manage("backup")
    taken_at = datetime.now(UTC)
    stack.start_process("worker")
    wait_until(lambda: all(people.told()[customer] for customer in waiting), seconds=60)

    stopped = people.text("STOP")
    with ThreadPoolExecutor(8) as pool:
        missed = list(pool.map(lambda _: people.call(), range(30)))
        list(pool.map(lambda _: people.call(answered=True), range(10)))
        unanswered = list(pool.map(lambda n: people.text(f"after {n}"), range(30)))
    people.call(customer=stopped)
    wait_until(people.have_all_ended, seconds=180)
    # The AI's turns for the first texts are due in the backup, and were taken before the machine is lost.
    wait_until(lambda: all(people.told()[customer] for customer in [*missed, *texters]), seconds=120)
    before = people.told()
    assert before[stopped] == 0

    lose_the_machine(stack)
    lost_at = time.monotonic()
    rpo = datetime.now(UTC) - taken_at
    name = next(path.name for path in (stack.home / "elsewhere").iterdir() if path.name != "lock")
    restored = stack.manage("restore", name, "--into", stack.database_url)
    stack.manage("migrate", "--noinput", "-v0")
    [command] = [line.split() for line in restored.splitlines() if "manage.py reconcile" in line]
    found = stack.manage(*command[1:], "--until", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    for process in ("web", "worker"):
        stack.start_process(process)
    wait_until(stack.is_live, seconds=60)
    rto = time.monotonic() - lost_at
    say(f"{said.splitlines()[-1]}")
    say(f"reconciled: {found.splitlines()[-1].strip()}")
    with contextlib.suppress(AssertionError):
        wait_until(lambda: stack.rows(WAITING)[0][0] == 0, seconds=60)
    time.sleep(10)  # for a text too many

    outcomes = dict(stack.rows(OUTCOMES, list(people.calls)))
    there = {sid for (sid,) in stack.rows("SELECT message_sid FROM sms_message WHERE direction = 'inbound'")}
    doubled = people.told() - before
    for customer in unanswered:  # the AI may answer those now whom it had not answered
        if not before[customer]:
            doubled[customer] -= 1
    doubled = +doubled
    lost = sum(outcomes.get(sid) != outcome for sid, outcome in people.calls.items())
    lost += len(set(people.texts) - there)
    say(f"RPO {rpo.total_seconds():.0f} s, all of it found again; RTO {rto:.0f} s until callers and texts are served")
    figure(
        events=len(people.calls) + len(people.texts),
        lost=lost,
        doubled=doubled.total(),
        rpo_seconds=round(rpo.total_seconds()),
        rto_seconds=round(rto),
    )
    assert {sid: outcomes.get(sid) for sid in people.calls} == people.calls
    assert set(people.texts) <= there
    assert not doubled
    people.call(customer=stopped)
    wait_until(people.have_all_ended, seconds=60)
    time.sleep(3)
    assert people.told()[stopped] == 0
