"""Hosts whose clocks are ten minutes off, or step back an hour: nothing is early, late, stale or twice."""

import time
from datetime import datetime

import pytest

from tests.journeys import ledger, waiting
from tests.journeys.stack import Stack, wait_until
from tests.journeys.traffic import BUSINESS, OWNER, Traffic

CUSTOMERS = 40
_area_codes = iter(("+1347", "+1646", "+1718", "+1929", "+1332", "+1212"))


@pytest.fixture(scope="module")
def skewed(tmp_path_factory):
    """A product whose web server and worker have clocks of their own: `worker_is(600)`, `web_is(-600)`."""
    home = tmp_path_factory.mktemp("skewed")
    running = Stack(home)

    def ahead(name):
        def set_to(seconds: float) -> None:
            (home / name).write_text(str(seconds))

        set_to(0)
        return set_to

    running.worker_is, running.web_is = ahead("worker.skew"), ahead("web.skew")
    try:
        running.start(processes=())
        for name in ("web", "worker"):
            running.start_process(name, skew=home / f"{name}.skew")
        wait_until(running.is_live, seconds=90)
        running.business(BUSINESS, OWNER)
        running.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
        ledger.warm_up(running)
        with Traffic(running, per_second=5):
            due = customers(running)
            wait_until(lambda: len(waiting.answers(running, due)) >= CUSTOMERS, seconds=60)
        running.usually_late = waiting.lateness(running, due)[-1]  # while every clock is right
        yield running
    finally:
        running.stop()


def customers(stack: Stack) -> dict[int, datetime]:
    """Let customers wait, one answer due after the other; returns when each is due."""
    return waiting.write(
        stack, next(_area_codes), CUSTOMERS, "now() + interval '8 seconds' + i * interval '0.1 second'"
    )


@pytest.mark.fault("F17")
@pytest.mark.parametrize(
    ("worker", "web", "then"),
    [(600, 0, 600), (-600, 0, -600), (0, 600, 0), (0, -600, 0), (0, 0, -3600)],
    ids=["worker ahead", "worker behind", "web ahead", "web behind", "both step back an hour"],
)
def test_a_wrong_clock_decides_nothing(skewed, say, figure, worker, web, then):
    skewed.worker_is(worker)
    skewed.web_is(web)
    due = customers(skewed)
    with Traffic(skewed, per_second=5) as traffic:
        time.sleep(4)
        skewed.worker_is(then)
        if then == -3600:
            skewed.web_is(then)
        wait_until(lambda: len(waiting.answers(skewed, due)) >= CUSTOMERS, seconds=60)
    answered = ledger.check(traffic, recorded_within=30, say=say, figure=figure)
    late = waiting.lateness(skewed, due)
    usually = skewed.usually_late
    say(f"{CUSTOMERS} timers, the earliest {late[0]:.2f} s late, the last {late[-1]:.2f} s, usually {usually:.2f} s")
    figure(
        timers=CUSTOMERS, earliest_s=round(late[0], 2), latest_s=round(late[-1], 2), usually_latest_s=round(usually, 2)
    )

    assert answered["webhooks"]
    assert len(late) == CUSTOMERS
    assert 0 <= late[0] < late[-1] < usually + 1
